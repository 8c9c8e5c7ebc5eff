//! Collections that the policy `union` can merge.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};

use serde::Serialize;

use super::items::{Item, items, without};

/// A list or a set in which two requests may add and remove items at once.
#[diagnostic::on_unimplemented(
    message = "merge policy `union` does not fit a field of type `{Self}`",
    label = "this is not a list or set of items that can be told apart",
    note = "it is for `Vec`, `HashSet` and `BTreeSet`, and for a `Vec` the items need `PartialEq`",
    note = "write `merge = path::to::function` for a rule of your own"
)]
pub trait Collection: Default {
    /// Returns `theirs` without the items that were removed between `base` and `mine`, and with those added there.
    #[must_use]
    fn union(base: &Self, mine: Self, theirs: Self) -> Self;
}

/// Equal items count as often as they occur. The store's items come first, in their order.
///
/// An item that is equal by its `PartialEq` alone, although something else is stored of it, is another item.
#[diagnostic::do_not_recommend]
impl<T: PartialEq + Serialize> Collection for Vec<T> {
    fn union(base: &Self, mine: Self, theirs: Self) -> Self {
        let places = |items: Vec<Item<'_, T>>| items.iter().map(|item| item.place).collect();
        let (kept, added): (Vec<usize>, Vec<usize>) = {
            let hashing = RandomState::new();
            let [base, mine, theirs] = [base, &mine, &theirs].map(|list| items(list, &hashing));
            let removed = without(&base, &mine);
            let also_added = without(&theirs, &base);
            let added = without(&without(&mine, &base), &also_added);
            (places(without(&theirs, &removed)), places(added))
        };
        pick(theirs, kept).chain(pick(mine, added)).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Eq + Hash, S: BuildHasher + Default> Collection for HashSet<T, S> {
    fn union(base: &Self, mine: Self, mut theirs: Self) -> Self {
        theirs.retain(|item| mine.contains(item) || !base.contains(item));
        theirs.extend(mine.into_iter().filter(|item| !base.contains(item)));
        theirs
    }
}

#[diagnostic::do_not_recommend]
impl<T: Ord> Collection for BTreeSet<T> {
    fn union(base: &Self, mine: Self, mut theirs: Self) -> Self {
        theirs.retain(|item| mine.contains(item) || !base.contains(item));
        theirs.extend(mine.into_iter().filter(|item| !base.contains(item)));
        theirs
    }
}

/// Takes the items at these places, which are in order.
fn pick<T>(list: Vec<T>, places: Vec<usize>) -> impl Iterator<Item = T> {
    let mut places = places.into_iter().peekable();
    list.into_iter().enumerate().filter_map(move |(place, item)| places.next_if_eq(&place).map(|_| item))
}
