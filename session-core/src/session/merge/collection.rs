//! Collections that the policy `union` can merge.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

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
#[diagnostic::do_not_recommend]
impl<T: PartialEq> Collection for Vec<T> {
    fn union(base: &Self, mut mine: Self, mut theirs: Self) -> Self {
        let removed = difference(base, &mine);
        strike(&mut mine, base.iter().collect());
        let also_added = difference(&theirs, base);
        strike(&mut mine, also_added);
        strike(&mut theirs, removed);
        theirs.extend(mine);
        theirs
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

/// Returns the items of `list` that remain when every item of `other` cancels an equal one.
fn difference<'a, T: PartialEq>(list: &'a [T], other: &[T]) -> Vec<&'a T> {
    let mut cancelling = other.iter().collect();
    list.iter().filter(|item| !cancel(&mut cancelling, item)).collect()
}

fn strike<T: PartialEq>(list: &mut Vec<T>, items: Vec<&T>) {
    let mut cancelling = items.into();
    list.retain(|item| !cancel(&mut cancelling, item));
}

// Two versions of a list mostly agree from the front on, where a queue finds and removes at once.
fn cancel<T: PartialEq>(cancelling: &mut VecDeque<&T>, item: &T) -> bool {
    let place = cancelling.iter().position(|other| *other == item);
    place.and_then(|place| cancelling.remove(place)).is_some()
}
