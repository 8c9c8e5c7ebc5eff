//! The built-in policies.
//!
//! A field that one of the two requests took stays taken, whatever the other one wrote. A request that
//! wants to take only the items that it has seen empties the value in an `update_…` instead.

use crate::session::merge::{Collection, Number, Refused};

/// Keeps this request's change. The default.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn last<T>(_base: Option<T>, mine: Option<T>, _theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(mine)
}

/// Refuses a second change: the later request gets 409.
///
/// # Errors
///
/// Always [`Refused`].
pub fn refuse<T>(_base: Option<T>, _mine: Option<T>, _theirs: Option<T>) -> Result<Option<T>, Refused> {
    Err(Refused)
}

/// Adds up both changes: `theirs + (mine − base)`, saturating. An absent base counts as zero.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn add<T: Number>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| theirs.moved(base.unwrap_or(T::ZERO), mine)))
}

/// Keeps the greater of the two. If they can't be compared, the store's value stays.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn max<T: Comparable>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| if mine.exceeds(&theirs) { mine } else { theirs }))
}

/// Keeps the smaller of the two. If they can't be compared, the store's value stays.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn min<T: Comparable>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| if theirs.exceeds(&mine) { mine } else { theirs }))
}

/// Keeps the store's items without those that this request removed, then adds those that it added.
///
/// Items are compared by equality and by what is stored of them, and a list may hold equal ones. An edited item counts
/// as removed and added. An item that both requests added is kept once. An absent base counts as empty.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn union<T: Collection>(
    base: Option<T>,
    mine: Option<T>,
    theirs: Option<T>,
) -> Result<Option<T>, Refused> {
    let empty = T::default();
    Ok(both(&base, mine, theirs, |mine, theirs| T::union(base.as_ref().unwrap_or(&empty), mine, theirs)))
}

/// Merges two present values. Otherwise one of the requests took the field, or only one wrote it.
fn both<T>(base: &Option<T>, mine: Option<T>, theirs: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => Some(merge(mine, theirs)),
        (Some(mine), None) if base.is_none() => Some(mine),
        _ => None,
    }
}

/// A type whose values have an order: every type with [`PartialOrd`].
#[diagnostic::on_unimplemented(
    message = "merge policies `max` and `min` do not fit a field of type `{Self}`",
    label = "values of this type can't be compared",
    note = "derive `PartialOrd` for it; or write `merge = path::to::function` for a rule of your own"
)]
pub trait Comparable {
    /// Returns `true` if this value is certainly the greater one.
    fn exceeds(&self, other: &Self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T: PartialOrd> Comparable for T {
    fn exceeds(&self, other: &T) -> bool {
        self > other
    }
}
