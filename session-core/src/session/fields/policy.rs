//! The merge policy of a field in a form that does not name the field's type.

use crate::formats::codec::Format;
use crate::formats::value::Value;
use crate::session::fields::{Field, FieldShape, SessionValue};
use crate::session::merge::MergeError;

/// Applies the policy of the field `F` to stored values.
///
/// A base that is absent or of another type counts as the field's default: that is what the request
/// has read and changed.
///
/// # Errors
///
/// The policy refused, the value in the store is not of the field's type, or the result can't be stored.
pub fn merge_field<F: Field>(
    base: Option<Value>,
    mine: Option<Value>,
    theirs: Option<Value>,
) -> Result<Option<Value>, MergeError> {
    let Some(policy) = F::MERGE else { return Ok(mine) };
    if base == theirs {
        return Ok(mine);
    }
    let base = decode(base).unwrap_or_default().or_else(|| F::default().into_stored());
    match policy(base, decode(mine)?, decode(theirs)?)? {
        // The format that keeps all kinds of values. HTML becomes text later, where the session's format has no HTML.
        Some(merged) => match merged.to_value(Format::TaggedJson).map_err(MergeError::Encode)? {
            Value::None => Ok(None),
            value => Ok(Some(value)),
        },
        None => Ok(None),
    }
}

fn decode<T: SessionValue>(value: Option<Value>) -> Result<Option<T>, MergeError> {
    value.map_or(Ok(None), T::from_value).map_err(MergeError::Decode)
}
