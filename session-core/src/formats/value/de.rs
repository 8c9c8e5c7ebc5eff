//! Reads Rust types from a [`Value`].

use std::vec::IntoIter;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::Value;
use super::newtypes::{PythonKind, VALUE};
use crate::formats::base64;
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::Refused;

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
/// The value is not of the type's form, or nested more than [`MAX_DEPTH`](super::MAX_DEPTH) levels deep.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    T::deserialize(FromValue { value, depth: 0, key: false })
}

/// A value to be read. Keys of maps are text in JSON and then stand for numbers too.
struct FromValue {
    value: Value,
    depth: usize,
    key: bool,
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
                text.parse().map_or_else(|_| Err(DecodeError(Refused)), |f| visitor.visit_f64(f))
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
            Value::List(items) | Value::Tuple(items) => visit_items(items, self.depth, visitor),
            Value::Bytes(bytes) => visit_bytes(bytes, false, visitor),
            Value::Str(text) => match base64::decode(&text) {
                Some(bytes) => visit_bytes(bytes, true, visitor),
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
            Value::List(items) => visit_items(items, self.depth, visitor),
            _ => self.mismatch(visitor),
        }
    }
}

macro_rules! forward {
    ($($method:ident$(($($argument:ident: $type:ty),+))? => $read:ident)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($($argument: $type,)+)?
            visitor: V,
        ) -> Read<'de, V> {
            self.$read(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for FromValue {
    type Error = DecodeError;

    forward! {
        deserialize_i8 => integer deserialize_i16 => integer deserialize_i32 => integer
        deserialize_i64 => integer deserialize_i128 => integer
        deserialize_u8 => integer deserialize_u16 => integer deserialize_u32 => integer
        deserialize_u64 => integer deserialize_u128 => integer
        deserialize_f32 => float deserialize_f64 => float
        deserialize_bytes => bytes deserialize_byte_buf => bytes
        deserialize_seq => sequence deserialize_tuple(_len: usize) => sequence
        deserialize_tuple_struct(_name: &'static str, _len: usize) => sequence
        deserialize_char => deserialize_string
        deserialize_unit_struct(_name: &'static str) => deserialize_unit
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
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
            Value::Map(pairs) => Pairs::new(pairs, DecodeError::deeper(self.depth)?).visit(visitor),
            Value::Ext { .. } => self.mismatch(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match &self.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Str(text) if self.key => match text.parse() {
                Ok(value) => visitor.visit_bool(value),
                Err(_) => self.mismatch(visitor),
            },
            _ => self.mismatch(visitor),
        }
    }

    /// Called by types that parse a text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::DateTime(time) => visitor.visit_string(time.to_string()),
            Value::Uuid(uuid) => visitor.visit_string(uuid.to_string()),
            _ => self.deserialize_string(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::Str(text) | Value::Markup(text) => visitor.visit_string(text),
            Value::Int(number) if self.key => visitor.visit_string(number.to_string()),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::None => visitor.visit_none(),
            value => visitor.visit_some(FromValue {
                value,
                depth: DecodeError::deeper(self.depth)?,
                key: self.key,
            }),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::None => visitor.visit_unit(),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Read<'de, V> {
        if name != VALUE {
            let depth = DecodeError::deeper(self.depth)?;
            return visitor.visit_newtype_struct(FromValue { depth, ..self });
        }
        let depth = self.depth;
        match PythonKind::unwrap(self.value) {
            Ok((kind, content)) => {
                visitor.visit_enum(Variant::new(Value::Int(kind as i128), Some(content), depth))
            }
            Err(Value::Bytes(bytes)) => visitor.visit_byte_buf(bytes),
            Err(value) => FromValue { value, depth, key: false }.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            Value::Map(pairs) => Pairs::new(pairs, DecodeError::deeper(self.depth)?).visit(visitor),
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        match self.value {
            Value::List(items) | Value::Tuple(items) => visit_items(items, self.depth, visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        let depth = DecodeError::deeper(self.depth)?;
        match self.value {
            name @ (Value::Str(_) | Value::Markup(_)) => visitor.visit_enum(Variant::new(name, None, depth)),
            Value::Map(pairs) => match <[(Value, Value); 1]>::try_from(pairs) {
                Ok([(name, content)]) => visitor.visit_enum(Variant::new(name, Some(content), depth)),
                Err(_) => Err(DecodeError::mismatch("map", &"a map with one key")),
            },
            _ => self.mismatch(visitor),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        match self.value {
            // Not as a number: serde would take it for the position of a field.
            Value::Int(number) => visitor.visit_string(number.to_string()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        visitor.visit_unit()
    }
}

fn visit_items<'de, V: Visitor<'de>>(items: Vec<Value>, depth: usize, visitor: V) -> Read<'de, V> {
    let depth = DecodeError::deeper(depth)?;
    visit_all(items.into_iter().map(|value| FromValue { value, depth, key: false }), visitor)
}

fn visit_bytes<'de, V: Visitor<'de>>(bytes: Vec<u8>, from_text: bool, visitor: V) -> Read<'de, V> {
    visit_all(bytes.into_iter().map(|byte| Byte { byte, from_text }), visitor)
}

/// Refuses a type that leaves some of the items.
fn visit_all<'de, V: Visitor<'de>>(
    items: impl ExactSizeIterator<Item: Deserializer<'de, Error = DecodeError>>,
    visitor: V,
) -> Read<'de, V> {
    let len = items.len();
    let mut items = Items(items);
    let value = visitor.visit_seq(&mut items)?;
    all_read(items.0.len(), len)?;
    Ok(value)
}

fn all_read(left: usize, len: usize) -> Result<(), DecodeError> {
    if left == 0 { Ok(()) } else { Err(DecodeError::invalid_length(len, &"fewer items")) }
}

/// The items of a sequence.
struct Items<I>(I);

impl<'de, I: ExactSizeIterator<Item: Deserializer<'de, Error = DecodeError>>> SeqAccess<'de> for Items<I> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// One byte of a sequence of bytes.
struct Byte {
    byte: u8,
    /// Set for base64 text: then only who asks for a byte gets one, and a list of larger
    /// numbers does not read nonsense out of a text.
    from_text: bool,
}

impl<'de> Deserializer<'de> for Byte {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        if self.from_text {
            Err(DecodeError::mismatch("text", &"a list"))
        } else {
            visitor.visit_u8(self.byte)
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        visitor.visit_u8(self.byte)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<'de, V> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The entries of a map.
struct Pairs {
    pairs: IntoIter<(Value, Value)>,
    value: Option<Value>,
    depth: usize,
}

impl Pairs {
    fn new(pairs: Vec<(Value, Value)>, depth: usize) -> Self {
        Pairs { pairs: pairs.into_iter(), value: None, depth }
    }

    fn visit<'de, V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        let len = self.pairs.len();
        let value = visitor.visit_map(&mut self)?;
        all_read(self.pairs.len(), len)?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Pairs {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(FromValue { value: key, depth: self.depth, key: true }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let Some(value) = self.value.take() else { return Err(DecodeError(Refused)) };
        seed.deserialize(FromValue { value, depth: self.depth, key: false })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

/// An enum: its variant and what is in that.
struct Variant {
    name: FromValue,
    content: Content,
}

impl Variant {
    fn new(name: Value, content: Option<Value>, depth: usize) -> Self {
        let content = content.map(|value| FromValue { value, depth, key: false });
        Variant { name: FromValue { value: name, depth, key: true }, content: Content(content) }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = DecodeError;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), DecodeError> {
        Ok((seed.deserialize(self.name)?, self.content))
    }
}

/// The content of an enum's variant.
struct Content(Option<FromValue>);

impl Content {
    fn value(self) -> Result<FromValue, DecodeError> {
        self.0.ok_or_else(|| DecodeError::mismatch("text", &"a variant with content"))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.0.map(|content| content.value) {
            None | Some(Value::None) => Ok(()),
            Some(content) => Err(DecodeError::mismatch(content.kind(), &"a variant without content")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Read<'de, V> {
        self.value()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Read<'de, V> {
        self.value()?.deserialize_struct("", fields, visitor)
    }
}
