//! Items of lists that can be told apart without comparing each with each.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use serde::Serialize;

use crate::formats::value::{Value, to_value};

/// An item of a list, by what is stored of it.
///
/// Hashes differ from process to process, so that no visitor can make items that meet.
#[derive(Debug)]
pub(super) struct Item<'a, T> {
    item: &'a T,
    /// Its place in the list.
    pub(super) place: usize,
    /// Equal for items of which the same is stored; `None` for one that can't be stored.
    exact: Option<u64>,
    /// Equal also for those that types may call equal although something else is stored: sets and maps in another order,
    /// `0.0` and `-0.0`, one time in two time zones.
    loose: u64,
}

/// Returns the items of a list.
pub(super) fn items<'a, T: Serialize>(list: &'a [T], hashing: &RandomState) -> Vec<Item<'a, T>> {
    let item = |(place, item)| {
        let hashes = to_value(item).ok().map(|value| hashes(&value, hashing));
        let (exact, loose) = hashes.map_or((None, 0), |(exact, loose)| (Some(exact), loose));
        Item { item, place, exact, loose }
    };
    list.iter().enumerate().map(item).collect()
}

/// Returns the items of `list` that remain when every item of `other` cancels an equal one.
pub(super) fn without<'a, T: PartialEq>(list: &[Item<'a, T>], other: &[Item<'a, T>]) -> Vec<Item<'a, T>> {
    let mut by_exact = HashMap::<_, Vec<_>>::new();
    for item in other.iter().rev() {
        by_exact.entry(item.exact).or_default().push(item);
    }
    let mut rest = Vec::new();
    for item in list {
        let cancels = item.exact.and_then(|_| by_exact.get_mut(&item.exact)?.pop());
        if cancels.is_none() {
            rest.push(*item);
        }
    }
    let mut left: Vec<_> = by_exact.into_values().flatten().collect();
    if rest.is_empty() || left.is_empty() {
        return rest;
    }
    left.sort_unstable_by_key(|item| item.place);
    let mut by_loose = HashMap::<_, VecDeque<_>>::new();
    for item in left {
        by_loose.entry(item.loose).or_default().push_back(item);
    }
    rest.retain(|item| {
        let alike = by_loose.get_mut(&item.loose);
        !alike.is_some_and(|alike| {
            let place = alike.iter().take(ALIKE).position(|other| other.item == item.item);
            place.and_then(|place| alike.remove(place)).is_some()
        })
    });
    rest
}

/// The most items with one loose hash that are compared with one item. Beyond that are lists of one content in many
/// orders.
const ALIKE: usize = 64;

/// Returns the exact and the loose hash of a value, which is at most `MAX_DEPTH` levels deep.
fn hashes(value: &Value, hashing: &RandomState) -> (u64, u64) {
    let both = |hash: u64| (hash, hash);
    match value {
        Value::None => both(hashing.hash_one((0, ()))),
        Value::Bool(value) => both(hashing.hash_one((1, value))),
        Value::Int(number) => both(hashing.hash_one((2, number))),
        Value::BigInt(digits) => both(hashing.hash_one((3, digits))),
        Value::Float(number) => {
            let without_sign_of_zero = number + 0.0;
            (hashing.hash_one((4, number.to_bits())), hashing.hash_one((4, without_sign_of_zero.to_bits())))
        }
        Value::Str(text) => both(hashing.hash_one((5, text))),
        Value::Bytes(bytes) => both(hashing.hash_one((6, bytes))),
        Value::List(items) => collected(7, items.iter().map(|item| hashes(item, hashing)), hashing),
        Value::Tuple(items) => collected(8, items.iter().map(|item| hashes(item, hashing)), hashing),
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| {
                let (key, value) = (hashes(key, hashing), hashes(value, hashing));
                (hashing.hash_one((key.0, value.0)), hashing.hash_one((key.1, value.1)))
            };
            collected(9, pairs.iter().map(pair), hashing)
        }
        Value::DateTime(time) => (hashing.hash_one((10, time)), hashing.hash_one((10, time.unix_seconds()))),
        Value::Uuid(uuid) => both(hashing.hash_one((11, uuid))),
        Value::Markup(text) => both(hashing.hash_one((12, text))),
        Value::Ext { code, data } => both(hashing.hash_one((13, code, data))),
    }
}

/// Puts the hashes of parts together, the loose ones in any order.
fn collected(kind: u8, parts: impl Iterator<Item = (u64, u64)>, hashing: &RandomState) -> (u64, u64) {
    let (mut exact, mut loose, mut count) = (hashing.build_hasher(), 0_u64, 0_u64);
    kind.hash(&mut exact);
    for (part, loose_part) in parts {
        part.hash(&mut exact);
        loose = loose.wrapping_add(loose_part);
        count += 1;
    }
    (exact.finish(), hashing.hash_one((kind, count, loose)))
}

impl<T> Clone for Item<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Item<'_, T> {}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::HashSet;

    use super::*;
    use crate::session::merge::union;

    thread_local! {
        static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    /// An item that counts how often it is compared.
    #[derive(Debug, Clone, Serialize)]
    struct Counting<T>(T);

    impl<T: PartialEq> PartialEq for Counting<T> {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }

    fn counted<T: Clone>(items: impl IntoIterator<Item = T>) -> Option<Vec<Counting<T>>> {
        Some(items.into_iter().map(Counting).collect())
    }

    #[test]
    fn items_of_lists_in_another_order_are_not_compared_each_with_each() {
        const COUNT: u32 = 5_000;
        let united = union(counted(0..COUNT), counted((1..=COUNT).rev()), counted((0..COUNT).rev()));
        let united: Vec<u32> = united.unwrap().unwrap().into_iter().map(|item| item.0).collect();
        assert_eq!(united, (1..COUNT).rev().chain([COUNT]).collect::<Vec<_>>());
        // All of them edited.
        let united = union(counted(0..COUNT), counted(COUNT..2 * COUNT), counted(0..COUNT)).unwrap().unwrap();
        assert_eq!(united, counted(COUNT..2 * COUNT).unwrap());
        let compared = COMPARED.get() - COUNT as usize; // by the line above
        assert_eq!(compared, 0, "what is stored tells them apart");
    }

    #[test]
    fn items_whose_parts_have_no_order_are_found_in_any_order() {
        // Two sets of the same items hardly ever have the same order.
        let set = |first: u32| (first..first + 20).rev().collect::<HashSet<_>>();
        let list = |count: u32| counted((0..count).map(set));
        for _ in 0..20 {
            assert_eq!(union(list(50), list(49), list(50)), Ok(list(49)));
        }
        assert_eq!(union(Some(vec![0.0]), Some(vec![-0.0, 1.0]), Some(vec![0.0])), Ok(Some(vec![0.0, 1.0])));
        assert_eq!(union(Some(vec![f64::NAN]), Some(vec![f64::NAN]), Some(vec![])), Ok(Some(vec![])));
    }

    #[test]
    fn lists_of_one_content_in_many_orders_are_not_compared_each_with_each() {
        let rotated = |by: usize| -> Vec<usize> { (0..300).map(|n| (n + by) % 300).collect() };
        let united = union(counted((0..150).map(rotated)), counted((150..300).map(rotated)), counted([]));
        assert_eq!(united.unwrap().unwrap().len(), 150);
        // Once to see what was removed, once to see what was added.
        assert!(COMPARED.get() <= 2 * 150 * ALIKE, "{} comparisons", COMPARED.get());
    }
}
