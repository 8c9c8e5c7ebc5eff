//! Lists, tuples, maps and structs on their way to a [`Value`].

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::Value;
use super::ser::{Piece, ToValue};
use crate::formats::codec::EncodeError;

type Step = Result<(), EncodeError>;
type Done = Result<Piece, EncodeError>;

/// A sequence: bytes as long as nothing but bytes has come.
pub(super) struct Items {
    inner: ToValue,
    tuple: bool,
    bytes: Vec<u8>,
    items: Vec<Value>,
}

impl Items {
    pub(super) fn list(inner: ToValue) -> Self {
        Items { inner, tuple: false, bytes: Vec::new(), items: Vec::new() }
    }

    /// A tuple stays one, also of two bytes: Python has both.
    pub(super) fn tuple(inner: ToValue) -> Self {
        Items { inner, tuple: true, bytes: Vec::new(), items: Vec::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
        match item.serialize(self.inner)? {
            Piece::Byte(byte) if self.items.is_empty() && !self.tuple => self.bytes.push(byte),
            piece => {
                let bytes = std::mem::take(&mut self.bytes);
                self.items.extend(bytes.into_iter().map(|byte| Value::Int(byte.into())));
                self.items.push(piece.into_value());
            }
        }
        Ok(())
    }

    fn done(self) -> Value {
        match self {
            Items { tuple: true, items, .. } => Value::Tuple(items),
            Items { bytes, .. } if !bytes.is_empty() => Value::Bytes(bytes),
            Items { items, .. } => Value::List(items),
        }
    }
}

impl SerializeSeq for Items {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
        self.push(item)
    }

    fn end(self) -> Done {
        Ok(Piece::Value(self.done()))
    }
}

impl SerializeTuple for Items {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
        self.push(item)
    }

    fn end(self) -> Done {
        Ok(Piece::Value(self.done()))
    }
}

impl SerializeTupleStruct for Items {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
        self.push(item)
    }

    fn end(self) -> Done {
        Ok(Piece::Value(self.done()))
    }
}

/// A map or a struct.
pub(super) struct Pairs {
    inner: ToValue,
    key: Option<Value>,
    pairs: Vec<(Value, Value)>,
}

impl Pairs {
    pub(super) fn new(inner: ToValue) -> Self {
        Pairs { inner, key: None, pairs: Vec::new() }
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Step {
        let value = self.inner.value(value)?;
        self.pairs.push((Value::Str(name.to_owned()), value));
        Ok(())
    }

    fn done(self) -> Value {
        Value::Map(self.pairs)
    }
}

impl SerializeMap for Pairs {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Step {
        self.key = Some(self.inner.value(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Step {
        let key = self.key.take().ok_or_else(EncodeError::refused)?;
        let value = self.inner.value(value)?;
        self.pairs.push((key, value));
        Ok(())
    }

    fn end(self) -> Done {
        Ok(Piece::Value(self.done()))
    }
}

impl SerializeStruct for Pairs {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Step {
        self.field(name, value)
    }

    fn end(self) -> Done {
        Ok(Piece::Value(self.done()))
    }
}

/// An enum's variant with content: a map with the variant's name as its only key.
pub(super) struct Variant<C> {
    name: &'static str,
    content: C,
}

impl<C> Variant<C> {
    pub(super) fn new(name: &'static str, content: C) -> Self {
        Variant { name, content }
    }
}

fn variant(name: &'static str, content: Value) -> Done {
    Ok(Piece::Value(Value::Map(vec![(Value::Str(name.to_owned()), content)])))
}

impl SerializeTupleVariant for Variant<Items> {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
        self.content.push(item)
    }

    fn end(self) -> Done {
        variant(self.name, self.content.done())
    }
}

impl SerializeStructVariant for Variant<Pairs> {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Step {
        self.content.field(name, value)
    }

    fn end(self) -> Done {
        variant(self.name, self.content.done())
    }
}
