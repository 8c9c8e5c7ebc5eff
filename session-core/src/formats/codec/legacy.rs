//! Records of Flask-Session up to 0.6, which are pickles.

use super::{Record, pickle};
use crate::formats::error::{DecodeError, DecodeKind::NoFormatHolds, EncodeError, EncodeKind::Key};
use crate::formats::format::Format;
use crate::formats::value::Value;

/// Converts a pickle to the first of the formats that can hold all of it. A pickled `None` is missing.
pub(super) fn read([configured, other]: [Format; 2], pickle: &[u8]) -> Result<Option<Record>, DecodeError> {
    let value = pickle::decode(pickle).map_err(DecodeError::unreadable_pickle)?;
    if value == Value::None {
        return Ok(None);
    }
    let (format, encoded) = match encode(configured, &value) {
        Ok(encoded) => (configured, encoded),
        Err(error) => (other, encode(other, &value).map_err(|_| DecodeError(NoFormatHolds(error)))?),
    };
    Record::parse(format, encoded.into()).map(Some).map_err(DecodeError::unreadable_pickle)
}

/// Encodes all of the value. JSON would make text of top-level keys that are of another type, and one of two that then
/// are the same.
fn encode(format: Format, value: &Value) -> Result<Vec<u8>, EncodeError> {
    if let (Format::Json, Value::Map(pairs)) = (format, value)
        && let Some((key, _)) = pairs.iter().find(|(key, _)| !matches!(key, Value::Str(_)))
    {
        return Err(EncodeError(Key(key.kind(), format)));
    }
    format.encode(value)
}
