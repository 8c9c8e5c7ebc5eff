//! Flask's tags for Python's types.

use crate::formats::error::{DecodeError, DecodeKind::Tag};
use crate::formats::value::{DateTime, Value};
use crate::formats::{base64, http_date};

/// The suffix of a key that looks like a tag.
pub(super) const ESCAPE: &str = "__";

/// The known tags: an escaped map, tuple, bytes, HTML, UUID, date.
const TAGS: [&str; 6] = [" di", " t", " b", " m", " u", " d"];

/// Tells whether a map with only this key would be read as a tagged value.
pub(super) fn is_tag(key: &str) -> bool {
    key.starts_with(' ') && TAGS.contains(&key)
}

/// The key that was escaped: Flask cuts off two characters without looking at them.
pub(super) fn unescape_key(key: &str) -> &str {
    let mut chars = key.chars();
    chars.next_back();
    chars.next_back();
    chars.as_str()
}

/// The value that a map stands for, after all its members have been resolved: itself, unless its only
/// key is a known tag.
pub(super) fn resolve(pairs: Vec<(Value, Value)>) -> Result<Value, DecodeError> {
    let tag = match pairs.as_slice() {
        [(Value::Str(key), _)] => TAGS.into_iter().find(|tag| tag == key),
        _ => None,
    };
    let Some(tag) = tag else { return Ok(Value::Map(pairs)) };
    let content = pairs.into_iter().next().map_or(Value::None, |(_, content)| content);
    tagged(tag, content).ok_or(DecodeError(Tag(tag)))
}

fn tagged(tag: &'static str, content: Value) -> Option<Value> {
    Some(match (tag, content) {
        (" di", Value::Map(pairs)) => {
            let (key, value) = pairs.into_iter().next()?;
            let Value::Str(key) = key else { return None };
            Value::Map(vec![(Value::Str(unescape_key(&key).to_owned()), value)])
        }
        (" t", Value::List(items) | Value::Tuple(items)) => Value::Tuple(items),
        (" t", Value::Str(text)) => Value::Tuple(text.chars().map(|char| Value::Str(char.into())).collect()),
        (" b", Value::Str(text)) => Value::Bytes(base64::decode_like_python(&text)?),
        (" m", Value::Str(text) | Value::Markup(text)) => Value::Markup(text),
        (" u", Value::Str(text)) => Value::Uuid(uuid::Uuid::try_parse(&text).ok()?),
        (" d", Value::None) => Value::None,
        (" d", Value::Str(text)) => http_date::parse(&text)
            .and_then(|(seconds, offset)| DateTime::with_offset(seconds, 0, offset))
            .map_or(Value::None, Value::DateTime),
        _ => return None,
    })
}
