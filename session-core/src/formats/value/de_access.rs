//! What lists, maps and enums hand to the types that read them.

use std::vec::IntoIter;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::Value;
use super::channel::Special;
use super::de::FromValue;
use crate::formats::codec::DecodeError;

/// The items of a list or tuple.
pub(super) struct Items {
    items: IntoIter<Value>,
    depth: usize,
}

impl Items {
    pub(super) fn new(items: Vec<Value>, depth: usize) -> Self {
        Items { items: items.into_iter(), depth }
    }

    pub(super) fn visit<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let len = self.items.len();
        let value = visitor.visit_seq(&mut self)?;
        all_read(self.items.len(), len)?;
        Ok(value)
    }
}

fn all_read(left: usize, len: usize) -> Result<(), DecodeError> {
    if left == 0 { Ok(()) } else { Err(DecodeError::invalid_length(len, &"fewer items")) }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let depth = self.depth;
        self.items.next().map(|value| seed.deserialize(FromValue { value, depth, key: false })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// Bytes as a sequence of them.
pub(super) struct Bytes {
    bytes: IntoIter<u8>,
    from_text: bool,
}

impl Bytes {
    pub(super) fn stored(bytes: Vec<u8>) -> Self {
        Bytes { bytes: bytes.into_iter(), from_text: false }
    }

    /// They were base64 text in a JSON record.
    pub(super) fn from_text(bytes: Vec<u8>) -> Self {
        Bytes { bytes: bytes.into_iter(), from_text: true }
    }

    pub(super) fn visit<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let len = self.bytes.len();
        let value = visitor.visit_seq(&mut self)?;
        all_read(self.bytes.len(), len)?;
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for Bytes {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let from_text = self.from_text;
        self.bytes.next().map(|byte| seed.deserialize(Byte { byte, from_text })).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}

/// One byte of a sequence of bytes.
struct Byte {
    byte: u8,
    /// It was written as base64 text: then only who asks for a byte gets one, and a list of larger
    /// numbers does not read nonsense out of a text.
    from_text: bool,
}

impl<'de> Deserializer<'de> for Byte {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.from_text {
            Err(DecodeError::mismatch("text", &"a list"))
        } else {
            visitor.visit_u8(self.byte)
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_u8(self.byte)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The entries of a map.
pub(super) struct Pairs {
    pairs: IntoIter<(Value, Value)>,
    value: Option<Value>,
    depth: usize,
}

impl Pairs {
    pub(super) fn new(pairs: Vec<(Value, Value)>, depth: usize) -> Self {
        Pairs { pairs: pairs.into_iter(), value: None, depth }
    }

    pub(super) fn visit<'de, V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
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
        let value = self.value.take().ok_or_else(DecodeError::refused)?;
        seed.deserialize(FromValue { value, depth: self.depth, key: false })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

/// An enum in serde's external form: a name, or a map of a name to the content.
pub(super) struct Variant {
    pub(super) name: Value,
    pub(super) content: Option<Value>,
    pub(super) depth: usize,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = DecodeError;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), DecodeError> {
        let name = seed.deserialize(FromValue { value: self.name, depth: self.depth, key: true })?;
        Ok((name, Content { content: self.content, depth: self.depth }))
    }
}

/// The content of an enum's variant.
pub(super) struct Content {
    content: Option<Value>,
    depth: usize,
}

impl Content {
    fn value(self) -> Result<FromValue, DecodeError> {
        let value = self.content.ok_or_else(|| DecodeError::mismatch("text", &"a variant with content"))?;
        Ok(FromValue { value, depth: self.depth, key: false })
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.content {
            None | Some(Value::None) => Ok(()),
            Some(content) => Err(DecodeError::mismatch(content.kind(), &"a variant without content")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.value()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.value()?.deserialize_struct("", fields, visitor)
    }
}

/// A value of a kind that serde has no word for, on its way to a field of type [`Value`].
pub(super) struct SpecialValue {
    pub(super) special: Special,
    pub(super) content: Value,
    pub(super) depth: usize,
}

impl<'de> EnumAccess<'de> for SpecialValue {
    type Error = DecodeError;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), DecodeError> {
        let index: U32Deserializer<DecodeError> = (self.special as u32).into_deserializer();
        Ok((seed.deserialize(index)?, Content { content: Some(self.content), depth: self.depth }))
    }
}
