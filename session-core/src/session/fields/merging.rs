//! A field's policy in the form that a session keeps for every field that was changed.

use crate::formats::codec::Format;
use crate::formats::value::Value;
use crate::session::fields::{Field, Holds, SessionValue};
use crate::session::merge::MergeError;

/// A policy whose type is forgotten: `base`, `mine` and `theirs` as the session holds them.
pub type MergeFn = fn(Option<Value>, Option<Value>, Option<Value>) -> Result<Option<Value>, MergeError>;

/// The policy of the field `F`, applied to what the session holds.
///
/// A base that is absent, or is of another type, counts as the field's default: that is what the
/// request has read and changed.
///
/// # Errors
///
/// The policy refused, what the store holds now is not of the field's type, or the result can't be stored.
pub fn erased<F: Field>(
    base: Option<Value>,
    mine: Option<Value>,
    theirs: Option<Value>,
) -> Result<Option<Value>, MergeError> {
    let Some(policy) = F::MERGE else { return Ok(mine) };
    if base == theirs {
        return Ok(mine);
    }
    let base = decode(base).unwrap_or_default().or_else(|| F::default().into_held());
    match policy(base, decode(mine)?, decode(theirs)?)? {
        // The format that keeps all kinds: who writes it makes text of HTML where there is no form for that.
        Some(merged) => match merged.encode(Format::TaggedJson).map_err(MergeError::Encode)? {
            Value::None => Ok(None),
            value => Ok(Some(value)),
        },
        None => Ok(None),
    }
}

fn decode<T: SessionValue>(value: Option<Value>) -> Result<Option<T>, MergeError> {
    value.map_or(Ok(None), T::decode).map_err(MergeError::Decode)
}
