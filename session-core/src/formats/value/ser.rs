//! Turns Rust values into a [`Value`].

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::Value;
use super::newtypes::{HTML, PythonKind, unsigned};
use crate::formats::error::EncodeError;
use crate::formats::error::EncodeKind::Refused;
use crate::formats::format::Format;

/// Turns a Rust value into the one that Python will see.
///
/// A struct is a map with text keys, a tuple a Python tuple, an enum what serde's external form makes
/// of it, `()` and an absent `Option` none. A non-empty sequence of `u8`, such as `Vec<u8>`, is bytes.
/// (An empty one can't be told from any other empty list and is a list.) Types see
/// `is_human_readable`, so that addresses, UUIDs and dates of other crates are text.
///
/// # Errors
///
/// The type's own `Serialize` refuses, or the value is nested more than [`MAX_DEPTH`](super::MAX_DEPTH) levels deep.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, EncodeError> {
    to_value_for(Format::TaggedJson, value)
}

/// The same for a session of this format: a [`Markup`](super::Markup) is plain text in msgpack and JSON records.
pub(crate) fn to_value_for<T: Serialize + ?Sized>(format: Format, value: &T) -> Result<Value, EncodeError> {
    ToValue { depth: 0, html: format.has_html() }.value(value)
}

/// The result of one step. A sequence of nothing but `u8` becomes bytes.
enum Piece {
    Byte(u8),
    Value(Value),
}

impl Piece {
    fn into_value(self) -> Value {
        match self {
            Piece::Byte(byte) => Value::Int(byte.into()),
            Piece::Value(value) => value,
        }
    }
}

#[derive(Clone, Copy)]
struct ToValue {
    depth: usize,
    /// Set where there is a form for HTML.
    html: bool,
}

impl ToValue {
    fn deeper(self) -> Result<ToValue, EncodeError> {
        Ok(ToValue { depth: EncodeError::deeper(self.depth)?, ..self })
    }

    fn value<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, EncodeError> {
        value.serialize(self).map(Piece::into_value)
    }
}

type Step = Result<(), EncodeError>;
type Done = Result<Piece, EncodeError>;

/// A value, or the content of an enum's variant: a map with the variant's name as its only key.
fn done(variant: Option<&str>, value: Value) -> Done {
    Ok(Piece::Value(match variant {
        None => value,
        Some(name) => Value::Map(vec![(Value::Str(name.to_owned()), value)]),
    }))
}

macro_rules! scalars {
    ($($method:ident($($argument:ident: $type:ty),*) => $made:expr,)*) => {$(
        fn $method(self, $($argument: $type),*) -> Done {
            Ok(Piece::Value($made))
        }
    )*};
}

impl Serializer for ToValue {
    type Ok = Piece;
    type Error = EncodeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Pairs;
    type SerializeStruct = Pairs;
    type SerializeStructVariant = Pairs;

    scalars! {
        serialize_bool(value: bool) => Value::Bool(value),
        serialize_i8(number: i8) => Value::Int(number.into()),
        serialize_i16(number: i16) => Value::Int(number.into()),
        serialize_i32(number: i32) => Value::Int(number.into()),
        serialize_i64(number: i64) => Value::Int(number.into()),
        serialize_i128(number: i128) => Value::Int(number),
        serialize_u16(number: u16) => Value::Int(number.into()),
        serialize_u32(number: u32) => Value::Int(number.into()),
        serialize_u64(number: u64) => Value::Int(number.into()),
        serialize_u128(number: u128) => unsigned(number),
        serialize_f32(number: f32) => Value::Float(number.into()),
        serialize_f64(number: f64) => Value::Float(number),
        serialize_char(letter: char) => Value::Str(letter.into()),
        serialize_str(text: &str) => Value::Str(text.to_owned()),
        serialize_bytes(bytes: &[u8]) => Value::Bytes(bytes.to_vec()),
        serialize_none() => Value::None,
        serialize_unit() => Value::None,
        serialize_unit_struct(_name: &'static str) => Value::None,
        serialize_unit_variant(_name: &'static str, _index: u32, variant: &'static str) =>
            Value::Str(variant.to_owned()),
    }

    fn serialize_u8(self, value: u8) -> Done {
        Ok(Piece::Byte(value))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.deeper()?.value(value).map(Piece::Value)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Done {
        match PythonKind::by_name(name) {
            None if name == HTML => {
                let text = self.value(value)?;
                let html = if self.html { PythonKind::Markup.wrap(text) } else { Some(text) };
                html.map(Piece::Value).ok_or(EncodeError(Refused))
            }
            Some(kind) => kind.wrap(self.value(value)?).map(Piece::Value).ok_or(EncodeError(Refused)),
            None => value.serialize(self.deeper()?),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        done(Some(variant), self.deeper()?.value(value)?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items, EncodeError> {
        Ok(Items::new(self.deeper()?, false))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items, EncodeError> {
        Ok(Items::new(self.deeper()?, true))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items, EncodeError> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items, EncodeError> {
        Ok(Items { variant: Some(variant), ..self.deeper()?.serialize_tuple(len)? })
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Pairs, EncodeError> {
        Ok(Pairs { inner: self.deeper()?, variant: None, key: None, pairs: Vec::new() })
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Pairs, EncodeError> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Pairs, EncodeError> {
        Ok(Pairs { variant: Some(variant), ..self.deeper()?.serialize_map(Some(len))? })
    }
}

/// A sequence: bytes as long as nothing but bytes has come. A tuple stays one, also of two bytes: Python has both.
struct Items {
    inner: ToValue,
    variant: Option<&'static str>,
    tuple: bool,
    bytes: Vec<u8>,
    items: Vec<Value>,
}

impl Items {
    fn new(inner: ToValue, tuple: bool) -> Self {
        Items { inner, variant: None, tuple, bytes: Vec::new(), items: Vec::new() }
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

    fn done(self) -> Done {
        let value = match self {
            Items { tuple: true, items, .. } => Value::Tuple(items),
            Items { bytes, .. } if !bytes.is_empty() => Value::Bytes(bytes),
            Items { items, .. } => Value::List(items),
        };
        done(self.variant, value)
    }
}

macro_rules! sequences {
    ($($sequence:ident::$push:ident)*) => {$(
        impl $sequence for Items {
            type Ok = Piece;
            type Error = EncodeError;

            fn $push<T: Serialize + ?Sized>(&mut self, item: &T) -> Step {
                self.push(item)
            }

            fn end(self) -> Done {
                self.done()
            }
        }
    )*};
}

sequences! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field
}

/// A map or a struct.
struct Pairs {
    inner: ToValue,
    variant: Option<&'static str>,
    key: Option<Value>,
    pairs: Vec<(Value, Value)>,
}

impl SerializeMap for Pairs {
    type Ok = Piece;
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Step {
        self.key = Some(self.inner.value(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Step {
        let key = self.key.take().ok_or(EncodeError(Refused))?;
        let value = self.inner.value(value)?;
        self.pairs.push((key, value));
        Ok(())
    }

    fn end(self) -> Done {
        done(self.variant, Value::Map(self.pairs))
    }
}

macro_rules! structs {
    ($($kind:ident)*) => {$(
        impl $kind for Pairs {
            type Ok = Piece;
            type Error = EncodeError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Step {
                let value = self.inner.value(value)?;
                self.pairs.push((Value::Str(name.to_owned()), value));
                Ok(())
            }

            fn end(self) -> Done {
                SerializeMap::end(self)
            }
        }
    )*};
}

structs! { SerializeStruct SerializeStructVariant }
