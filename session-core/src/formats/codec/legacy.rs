//! Records of Flask-Session up to 0.6, which are pickles.

use crate::formats::error::DecodeError;
use crate::formats::format::Format;

/// Whether bytes that are neither msgpack nor JSON are a pickle of a map, as far as can be told without
/// reading it: by the header of protocols 2 to 5, or by the first opcodes of a dict and the last one of
/// every pickle. No msgpack map or JSON object looks like either.
pub(super) fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..] | [b'(', b'd', .., b'.'] | [b'}', .., b'.'])
}

/// A pickle in the first of the formats that can hold all of it. A pickled `None` is missing.
#[cfg(feature = "pickle")]
pub(super) fn convert(
    [configured, other]: [Format; 2],
    bytes: &[u8],
) -> Result<Option<(Format, Vec<u8>)>, DecodeError> {
    use crate::formats::value::Value;

    match super::pickle::decode(bytes).map_err(DecodeError::unreadable_pickle)? {
        Value::None => Ok(None),
        value => match encode(configured, &value) {
            Ok(encoded) => Ok(Some((configured, encoded))),
            Err(error) => match encode(other, &value) {
                Ok(encoded) => Ok(Some((other, encoded))),
                Err(_) => Err(DecodeError::no_format_holds(error)),
            },
        },
    }
}

/// JSON would make text of top-level keys that are of another type, and one of two that then are the same.
#[cfg(feature = "pickle")]
fn encode(
    format: Format,
    value: &crate::formats::value::Value,
) -> Result<Vec<u8>, crate::formats::error::EncodeError> {
    use crate::formats::error::EncodeError;
    use crate::formats::value::Value;

    if let (Format::Json, Value::Map(pairs)) = (format, value)
        && let Some((key, _)) = pairs.iter().find(|(key, _)| !matches!(key, Value::Str(_)))
    {
        return Err(EncodeError::key(key.kind(), format));
    }
    format.encode(value)
}

/// A pickle is refused with a word about how to read it.
#[cfg(not(feature = "pickle"))]
pub(super) fn convert(
    _formats: [Format; 2],
    _bytes: &[u8],
) -> Result<Option<(Format, Vec<u8>)>, DecodeError> {
    Err(DecodeError::pickle_not_read())
}
