//! Merge policies, for typed and for stored values.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;
use rocket_session_state_core::fields::{self, merge_field};
use rocket_session_state_core::merge::{self, MergeError, Policy, Refused};
use rocket_session_state_core::session::FieldError;
use rocket_session_state_core::value::{Value, to_value};

use super::site::field;

#[test]
fn increments_of_two_requests_add_up() {
    assert_eq!(merge::add(Some(10_u32), Some(11), Some(14)), Ok(Some(15)));
    assert_eq!(merge::add(Some(10_u32), Some(8), Some(9)), Ok(Some(7)));
    assert_eq!(merge::add(None, Some(1.5), Some(2.0)), Ok(Some(3.5)));
}

#[test]
fn adding_stops_at_the_ends_of_the_type_and_nowhere_before() {
    assert_eq!(merge::add(Some(0_u8), Some(200), Some(200)), Ok(Some(255)));
    assert_eq!(merge::add(Some(200_u8), Some(0), Some(100)), Ok(Some(0)));
    // The difference alone is beyond the type, the sum is not.
    assert_eq!(merge::add(Some(i64::MIN), Some(i64::MAX), Some(i64::MIN)), Ok(Some(i64::MAX)));
    assert_eq!(merge::add(Some(i128::MIN), Some(i128::MAX), Some(-1)), Ok(Some(i128::MAX)));
}

#[test]
fn the_greatest_and_the_smallest_stay_whoever_wrote_them() {
    for (mine, theirs) in [(3, 7), (7, 3)] {
        assert_eq!(merge::max(Some(5), Some(mine), Some(theirs)), Ok(Some(7)));
        assert_eq!(merge::min(Some(5), Some(mine), Some(theirs)), Ok(Some(3)));
    }
    assert_eq!(merge::max(Some(1.0), Some(f64::NAN), Some(2.0)), Ok(Some(2.0)));
}

#[test]
fn a_field_that_either_request_took_stays_taken() {
    let policies: [Policy<i32>; 3] = [merge::add, merge::max, merge::min];
    for policy in policies {
        assert_eq!(policy(Some(1), None, Some(2)), Ok(None));
        assert_eq!(policy(Some(1), Some(2), None), Ok(None));
    }
    assert_eq!(merge::union(Some(vec![1]), None, Some(vec![1, 2])), Ok(None));
    assert_eq!(merge::union(Some(vec![1]), Some(vec![1, 2]), None), Ok(None));
}

#[test]
fn last_keeps_mine_and_refuse_keeps_nothing() {
    assert_eq!(merge::last(Some(1), Some(2), Some(3)), Ok(Some(2)));
    assert_eq!(merge::last(Some(1), None, Some(3)), Ok(None));
    assert_eq!(merge::refuse(Some(1), Some(2), Some(3)), Err(Refused));
}

#[test]
fn an_edited_item_is_removed_and_added() {
    let base = vec![("pear", 1), ("fig", 1)];
    let mine = vec![("pear", 2), ("fig", 1)];
    let theirs = vec![("pear", 1), ("fig", 1), ("nut", 1)];
    let united = vec![("fig", 1), ("nut", 1), ("pear", 2)];
    assert_eq!(merge::union(Some(base), Some(mine), Some(theirs)), Ok(Some(united)));
}

#[test]
fn an_item_that_both_added_is_kept_once_and_equal_ones_count() {
    assert_eq!(merge::union(None, Some(vec!["a", "b"]), Some(vec!["c", "a"])), Ok(Some(vec!["c", "a", "b"])));
    assert_eq!(
        merge::union(Some(vec!["a"]), Some(vec!["a", "a"]), Some(vec!["a"])),
        Ok(Some(vec!["a", "a"])),
        "a second equal item is an addition"
    );
    assert_eq!(
        merge::union(Some(vec!["a", "a"]), Some(vec!["a"]), Some(vec!["a", "a", "a"])),
        Ok(Some(vec!["a", "a"])),
        "one of several equal items was removed"
    );
}

#[test]
fn sets_unite_as_lists_do() {
    let set = |items: &[u8]| Some(items.iter().copied().collect::<BTreeSet<u8>>());
    assert_eq!(merge::union(set(&[1, 2]), set(&[2, 3]), set(&[1, 2, 4])), Ok(set(&[2, 3, 4])));
    let set = |items: &[u8]| Some(items.iter().copied().collect::<HashSet<u8>>());
    assert_eq!(merge::union(set(&[1, 2]), set(&[2, 3]), set(&[1, 2, 4])), Ok(set(&[2, 3, 4])));
}

fn count(list: &[u8], item: u8) -> usize {
    list.iter().filter(|other| **other == item).count()
}

proptest! {
    #[test]
    fn union_is_their_list_less_what_i_removed_and_more_what_i_added(
        base in prop::collection::vec(0_u8..5, 0..8),
        mine in prop::collection::vec(0_u8..5, 0..8),
        theirs in prop::collection::vec(0_u8..5, 0..8),
    ) {
        let united = merge::union(Some(base.clone()), Some(mine.clone()), Some(theirs.clone())).unwrap().unwrap();
        let mut from_the_store = 0;
        for item in 0..5 {
            let [b, m, t] = [&base, &mine, &theirs].map(|list| count(list, item));
            let (kept, also_added) = (t.saturating_sub(b.saturating_sub(m)), t.saturating_sub(b));
            prop_assert_eq!(count(&united, item), kept + m.saturating_sub(b).saturating_sub(also_added));
            from_the_store += kept;
        }
        prop_assert!(is_subsequence(&united[..from_the_store], &theirs), "the store's items come first, in their order");
    }

    #[test]
    fn a_request_that_changed_nothing_leaves_the_stores_list_as_it_is(
        base in prop::collection::vec(0_u8..5, 0..8),
        theirs in prop::collection::vec(0_u8..5, 0..8),
    ) {
        prop_assert_eq!(merge::union(Some(base.clone()), Some(base), Some(theirs.clone())), Ok(Some(theirs)));
    }

    #[test]
    fn it_does_not_matter_which_of_two_increments_is_saved_first(base in -50_i8..50, a in -30_i8..30, b in -30_i8..30) {
        let after = |first: i8, second: i8| merge::add(Some(base), Some(base + second), Some(base + first));
        prop_assert_eq!(after(a, b), after(b, a));
        prop_assert_eq!(after(a, b), Ok(Some(base + a + b)));
    }
}

fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|item| whole.any(|other| other == item))
}

field!(Views, "views", u32, u32, 100, merge::add);
field!(Score, "score", i32, Option<i32>, None, merge::add);
field!(Age, "age", u8, Result<u8, FieldError>, fields::missing::<Age>(), merge::refuse);

fn stored(value: impl serde::Serialize) -> Option<Value> {
    Some(to_value(&value).unwrap())
}

#[test]
fn an_absent_base_counts_as_the_default_that_the_request_has_read() {
    assert_eq!(merge_field::<Views>(None, stored(101), stored(105)).unwrap(), stored(106));
    assert_eq!(merge_field::<Views>(Some(Value::None), stored(101), stored(105)).unwrap(), stored(106));
    assert_eq!(merge_field::<Score>(None, stored(1), stored(5)).unwrap(), stored(6));
}

#[test]
fn an_unreadable_base_counts_as_the_default_and_an_unreadable_store_is_an_error() {
    assert_eq!(merge_field::<Views>(stored("many"), stored(101), stored(105)).unwrap(), stored(106));
    assert!(matches!(merge_field::<Views>(stored(1), stored(2), stored("many")), Err(MergeError::Decode(_))));
}

#[test]
fn a_policy_is_not_asked_while_the_store_holds_what_was_loaded() {
    assert_eq!(merge_field::<Age>(stored(30), stored(31), stored(30)).unwrap(), stored(31));
    assert_eq!(merge_field::<Age>(None, stored(31), None).unwrap(), stored(31));
    assert!(matches!(merge_field::<Age>(stored(30), stored(31), stored(32)), Err(MergeError::Refused)));
}
