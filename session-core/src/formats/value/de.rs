//! From a [`Value`] to a Rust type.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Unexpected, Visitor};

use super::channel::{Special, VALUE};
use super::de_access::{Bytes, Items, Pairs, SpecialValue, Variant};
use super::{MAX_DEPTH, Value};
use crate::formats::codec::{DecodeError, base64};

/// Reads a Rust value out of one that Python may have written. Texts and bytes are moved, not copied.
///
/// The counterpart of [`to_value`](super::to_value), and as lenient as the formats need: a tuple reads
/// from a list, a float from an integer (never the reverse), `String` also from HTML text, bytes and
/// `Vec<u8>` from base64 text (what JSON records hold), a number as a map key from text, and types that
/// parse text, such as UUIDs and dates, from a stored UUID or date.
///
/// Inside internally tagged, untagged and flattened types serde buffers the value before it knows the
/// type, and bytes in a JSON record are taken for the text that they are there.
///
/// # Errors
///
/// The value is not of the type's form, or nested more than [`MAX_DEPTH`] levels deep.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    T::deserialize(FromValue { value, depth: 0, key: false })
}

/// A value to be read. Keys of maps are text in JSON and then stand for numbers too.
pub(super) struct FromValue {
    pub(super) value: Value,
    pub(super) depth: usize,
    pub(super) key: bool,
}

/// One level further in.
pub(super) fn deeper(depth: usize) -> Result<usize, DecodeError> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(DecodeError::too_deep()) }
}

type Read<'de, V> = Result<<V as Visitor<'de>>::Value, DecodeError>;

fn visit_integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Read<'de, V> {
    // The narrow calls first: few types know the wide ones.
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => visitor.visit_i64(number),
        (_, Ok(number)) => visitor.visit_u64(number),
        _ => visitor.visit_i128(number),
    }
}

impl FromValue {
    fn mismatch<'de, V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        Err(DecodeError::mismatch(self.value.kind(), &visitor))
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match &self.value {
            Value::Int(number) => visit_integer(*number, visitor),
            Value::BigInt(digits) => match digits.parse() {
                Ok(number) => visitor.visit_u128(number),
                Err(_) => Err(DecodeError::invalid_value(Unexpected::Other("integer"), &visitor)),
            },
            Value::Str(text) if self.key => match text.parse() {
                Ok(number) => visit_integer(number, visitor),
                Err(_) => self.mismatch(visitor),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match &self.value {
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Int(number) => visitor.visit_f64(*number as f64),
            Value::BigInt(text) => {
                text.parse().map_or_else(|_| Err(DecodeError::refused()), |f| visitor.visit_f64(f))
            }
            Value::Str(text) if self.key => match text.parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => self.mismatch(visitor),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn sequence<'de, V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::List(items) | Value::Tuple(items) => Items::new(items, deeper(self.depth)?).visit(visitor),
            Value::Bytes(bytes) => Bytes::stored(bytes).visit(visitor),
            Value::Str(text) => match base64::decode(&text) {
                Some(bytes) => Bytes::from_text(bytes).visit(visitor),
                None => Err(DecodeError::mismatch("text", &visitor)),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn bytes<'de, V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Value::Str(text) => match base64::decode(&text) {
                Some(bytes) => visitor.visit_byte_buf(bytes),
                None => Err(DecodeError::mismatch("text", &visitor)),
            },
            Value::List(items) => Items::new(items, deeper(self.depth)?).visit(visitor),
            _ => self.mismatch(visitor),
        }
    }
}

macro_rules! numbers {
    ($($method:ident => $read:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.$read(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for FromValue {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        true
    }

    numbers! {
        deserialize_i8 => integer deserialize_i16 => integer deserialize_i32 => integer
        deserialize_i64 => integer deserialize_i128 => integer
        deserialize_u8 => integer deserialize_u16 => integer deserialize_u32 => integer
        deserialize_u64 => integer deserialize_u128 => integer
        deserialize_f32 => float deserialize_f64 => float
        deserialize_bytes => bytes deserialize_byte_buf => bytes
        deserialize_seq => sequence
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::None => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Int(_) => self.integer(visitor),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Str(text) | Value::Markup(text) | Value::BigInt(text) => visitor.visit_string(text),
            Value::DateTime(time) => visitor.visit_string(time.to_string()),
            Value::Uuid(uuid) => visitor.visit_string(uuid.to_string()),
            // A sequence, since serde's buffer for untagged and flattened types reads `Vec<u8>` from no other.
            Value::Bytes(_) | Value::List(_) | Value::Tuple(_) => self.sequence(visitor),
            Value::Map(pairs) => Pairs::new(pairs, deeper(self.depth)?).visit(visitor),
            Value::Ext { .. } => self.mismatch(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Str(text) if self.key => match text.parse() {
                Ok(value) => visitor.visit_bool(value),
                Err(_) => self.mismatch(visitor),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_string(visitor)
    }

    /// What types that parse a text ask for.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::DateTime(time) => visitor.visit_string(time.to_string()),
            Value::Uuid(uuid) => visitor.visit_string(uuid.to_string()),
            _ => self.deserialize_string(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Str(text) | Value::Markup(text) => visitor.visit_string(text),
            Value::Int(number) if self.key => visitor.visit_string(number.to_string()),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::None => visitor.visit_none(),
            value => visitor.visit_some(FromValue { value, depth: deeper(self.depth)?, key: self.key }),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::None => visitor.visit_unit(),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name != VALUE {
            let depth = deeper(self.depth)?;
            return visitor.visit_newtype_struct(FromValue { depth, ..self });
        }
        let depth = self.depth;
        match Special::unwrap(self.value) {
            Ok((special, content)) => visitor.visit_enum(SpecialValue { special, content, depth }),
            Err(Value::Bytes(bytes)) => visitor.visit_byte_buf(bytes),
            Err(value) => FromValue { value, depth, key: false }.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.sequence(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Map(pairs) => Pairs::new(pairs, deeper(self.depth)?).visit(visitor),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::List(items) | Value::Tuple(items) => Items::new(items, deeper(self.depth)?).visit(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let depth = deeper(self.depth)?;
        match self.value {
            name @ (Value::Str(_) | Value::Markup(_)) => {
                visitor.visit_enum(Variant { name, content: None, depth })
            }
            Value::Map(pairs) => match <[(Value, Value); 1]>::try_from(pairs) {
                Ok([(name, content)]) => visitor.visit_enum(Variant { name, content: Some(content), depth }),
                Err(_) => Err(DecodeError::mismatch("map", &"a map with one key")),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            // Not as a number: serde would take it for the position of a field.
            Value::Int(number) => visitor.visit_string(number.to_string()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }
}
