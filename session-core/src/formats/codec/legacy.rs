//! Records of Flask-Session up to 0.6, which are pickles.

/// Whether bytes that are neither msgpack nor JSON are a pickle of a map, as far as can be told without
/// reading it: by the header of protocols 2 to 5, or by the first opcodes of a dict and the last one of
/// every pickle. No msgpack map or JSON object looks like either.
pub(super) fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..] | [b'(', b'd', .., b'.'] | [b'}', .., b'.'])
}

#[cfg(feature = "pickle")]
pub(super) use read::convert;

#[cfg(feature = "pickle")]
mod read {
    use crate::formats::codec::pickle;
    use crate::formats::error::{DecodeError, DecodeKind::NoFormatHolds, EncodeError, EncodeKind::Key};
    use crate::formats::format::Format;
    use crate::formats::value::Value;

    /// Converts a pickle to the first of the formats that can hold all of it. A pickled `None` is missing.
    pub(in crate::formats::codec) fn convert(
        [configured, other]: [Format; 2],
        pickle: &[u8],
    ) -> Result<Option<(Format, Vec<u8>)>, DecodeError> {
        let value = pickle::decode(pickle).map_err(DecodeError::unreadable_pickle)?;
        if value == Value::None {
            return Ok(None);
        }
        match encode(configured, &value) {
            Ok(encoded) => Ok(Some((configured, encoded))),
            Err(error) => match encode(other, &value) {
                Ok(encoded) => Ok(Some((other, encoded))),
                Err(_) => Err(DecodeError(NoFormatHolds(error))),
            },
        }
    }

    /// JSON would make text of top-level keys that are of another type, and one of two that then are the same.
    fn encode(format: Format, value: &Value) -> Result<Vec<u8>, EncodeError> {
        if let (Format::Json, Value::Map(pairs)) = (format, value)
            && let Some((key, _)) = pairs.iter().find(|(key, _)| !matches!(key, Value::Str(_)))
        {
            return Err(EncodeError(Key(key.kind(), format)));
        }
        format.encode(value)
    }
}
