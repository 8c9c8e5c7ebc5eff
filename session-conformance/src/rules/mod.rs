//! The contract of [`Store`](rocket_session_state_core::store::Store), rule by rule.

mod change;
mod life;
mod race;
pub(super) mod values;

use std::sync::Arc;

use super::subject::Subject;
use super::suite::Verdict;

/// A rule by its name, which is a sentence.
type Rule = (&'static str, for<'a> fn(&'a Arc<Subject>) -> Verdict<'a>);

macro_rules! rules {
    ($($module:ident::$rule:ident)+) => {
        pub(super) const ALL: &[Rule] = &[$((stringify!($rule), |subject| Box::pin($module::$rule(subject)))),+];
    };
}

rules! {
    change::the_store_can_be_pinged
    change::a_record_is_created_only_where_there_is_none
    change::only_the_expected_record_is_replaced
    change::only_the_expected_record_is_deleted
    change::an_absent_record_never_matches_bytes
    change::a_conflict_is_one_even_where_the_current_record_equals_the_new_one
    change::a_conflict_gives_what_the_next_swap_may_expect
    change::a_done_swap_gives_what_the_next_swap_may_expect
    change::a_swap_from_nothing_to_nothing_is_done_only_where_nothing_is
    change::delete_needs_no_expectation_and_says_whether_there_was_a_record
    change::keys_do_not_share_records
    change::who_watches_a_record_is_told_of_its_removal_if_anybody_is
    values::every_byte_survives
    values::many_records_are_kept_apart
    life::a_record_ends_when_its_lifetime_has_passed
    life::an_expired_record_is_absent_for_every_call
    life::a_swap_gives_the_record_a_new_life
    life::a_load_with_touch_renews_the_life_and_changes_no_byte
    life::a_load_without_touch_leaves_the_life_as_it_is
    life::what_a_load_tells_of_the_end_is_right
    life::a_swap_may_keep_the_end_of_the_life
    life::a_touch_revives_nothing
    life::a_life_of_a_year_is_not_cut_short
    life::purge_takes_no_live_record
    race::exactly_one_of_many_swaps_with_one_expectation_wins
    race::increments_by_compare_and_swap_are_never_lost
    race::of_a_write_and_a_delete_by_swap_one_sees_the_other
    race::a_delete_during_swaps_leaves_nothing
    race::a_delete_during_loads_with_touch_leaves_nothing
    race::a_call_that_is_dropped_leaves_the_store_in_order
}
