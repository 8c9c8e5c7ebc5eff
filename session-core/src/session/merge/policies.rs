//! The built-in policies.
//!
//! Taking a field is a decision about the whole field: whichever request took it, it stays taken.
//! To take only what was seen, empty the value in an `update_…` instead.

use crate::session::merge::{Collection, Comparable, Number, Refused};

/// This request's change wins. The default.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn last<T>(_base: Option<T>, mine: Option<T>, _theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(mine)
}

/// The two changes can't both stand.
///
/// # Errors
///
/// Always [`Refused`].
pub fn refuse<T>(_base: Option<T>, _mine: Option<T>, _theirs: Option<T>) -> Result<Option<T>, Refused> {
    Err(Refused)
}

/// Both differences count: `theirs + (mine − base)`, saturating. An absent base counts as zero.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn add<T: Number>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| theirs.moved(base.unwrap_or(T::ZERO), mine)))
}

/// The greater of the two. Where they can't be compared, the store's stays.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn max<T: Comparable>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| if mine.exceeds(&theirs) { mine } else { theirs }))
}

/// The smaller of the two. Where they can't be compared, the store's stays.
///
/// # Errors
///
/// None; the signature is that of every policy.
pub fn min<T: Comparable>(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused> {
    Ok(both(&base, mine, theirs, |mine, theirs| if theirs.exceeds(&mine) { mine } else { theirs }))
}

/// What the store holds, without what this request removed, then what it added.
///
/// Items are compared by equality, and a list may hold equal ones. An edited item counts as removed
/// and added; an item that both requests added is kept once. An absent base counts as empty.
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

/// Merges two values that are there; otherwise one of the requests took the field, or only one wrote it.
fn both<T>(base: &Option<T>, mine: Option<T>, theirs: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => Some(merge(mine, theirs)),
        (Some(mine), None) if base.is_none() => Some(mine),
        _ => None,
    }
}
