//! Newtypes in which values of kinds that serde does not know pass through it.
//!
//! Serde knows no UUIDs, dates or HTML. Such a value is a newtype struct with one of the names below
//! around its text: our own serializer and deserializer know the names, any other sees the text.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::{SerializeMap, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bytes, DateTime, Value};

/// The name under which a [`Value`] asks for itself.
pub(crate) const VALUE: &str = "$rocket_session_state_core::Value";

/// The name of a [`Markup`](super::Markup): a [`PythonKind::Markup`] in cookies and plain text in records,
/// which refuse the other.
pub(super) const HTML: &str = "$rocket_session_state_core::Html";

/// The kinds that serde has no word for.
#[derive(Clone, Copy)]
pub(super) enum PythonKind {
    Tuple,
    BigInt,
    DateTime,
    Uuid,
    Markup,
    Ext,
}

impl PythonKind {
    const ALL: [PythonKind; 6] = [
        PythonKind::Tuple,
        PythonKind::BigInt,
        PythonKind::DateTime,
        PythonKind::Uuid,
        PythonKind::Markup,
        PythonKind::Ext,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            PythonKind::Tuple => "$rocket_session_state_core::Tuple",
            PythonKind::BigInt => "$rocket_session_state_core::BigInt",
            PythonKind::DateTime => "$rocket_session_state_core::DateTime",
            PythonKind::Uuid => "$rocket_session_state_core::Uuid",
            PythonKind::Markup => "$rocket_session_state_core::Markup",
            PythonKind::Ext => "$rocket_session_state_core::Ext",
        }
    }

    pub(super) fn by_name(name: &str) -> Option<PythonKind> {
        // Every newtype of a session passes here; hardly any begins like ours.
        name.starts_with('$').then(|| PythonKind::ALL.into_iter().find(|kind| kind.name() == name))?
    }

    fn by_index(index: u32) -> Option<PythonKind> {
        PythonKind::ALL.into_iter().find(|kind| *kind as u32 == index)
    }

    /// Makes the value of this kind from what its content was serialized to.
    pub(super) fn wrap(self, content: Value) -> Option<Value> {
        Some(match (self, content) {
            (PythonKind::BigInt, Value::Str(text)) => Value::BigInt(text),
            (PythonKind::DateTime, Value::Str(text)) => Value::DateTime(text.parse().ok()?),
            (PythonKind::Uuid, Value::Str(text)) => Value::Uuid(text.parse().ok()?),
            (PythonKind::Markup, Value::Str(text)) => Value::Markup(text),
            (PythonKind::Ext, Value::Tuple(parts)) => match <[Value; 2]>::try_from(parts).ok()? {
                [Value::Int(code), Value::Bytes(data)] => Value::Ext { code: i8::try_from(code).ok()?, data },
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The kind and content of a value that serde has no word for; any other value comes back.
    pub(super) fn unwrap(value: Value) -> Result<(PythonKind, Value), Value> {
        Ok(match value {
            Value::Tuple(items) => (PythonKind::Tuple, Value::List(items)),
            Value::BigInt(digits) => (PythonKind::BigInt, Value::Str(digits)),
            Value::DateTime(time) => (PythonKind::DateTime, Value::Str(time.to_string())),
            Value::Uuid(uuid) => (PythonKind::Uuid, Value::Str(uuid.to_string())),
            Value::Markup(text) => (PythonKind::Markup, Value::Str(text)),
            Value::Ext { code, data } => {
                (PythonKind::Ext, Value::List(vec![Value::Int(code.into()), Value::Bytes(data)]))
            }
            ordinary => return Err(ordinary),
        })
    }
}

pub(super) fn unsigned(number: u128) -> Value {
    i128::try_from(number).map_or_else(|_| Value::BigInt(number.to_string()), Value::Int)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => serializer.serialize_i64(value),
                (_, Ok(value)) => serializer.serialize_u64(value),
                _ => serializer.serialize_i128(*value),
            },
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Value::List(items) => items.serialize(serializer),
            Value::Tuple(items) => {
                let mut tuple = serializer.serialize_tuple(items.len())?;
                items.iter().try_for_each(|item| tuple.serialize_element(item))?;
                tuple.end()
            }
            Value::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                pairs.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Value::BigInt(digits) => serializer.serialize_newtype_struct(PythonKind::BigInt.name(), digits),
            Value::DateTime(time) => time.serialize(serializer),
            Value::Uuid(uuid) => {
                serializer.serialize_newtype_struct(PythonKind::Uuid.name(), &uuid.to_string())
            }
            Value::Markup(text) => serializer.serialize_newtype_struct(PythonKind::Markup.name(), text),
            Value::Ext { code, data } => serializer
                .serialize_newtype_struct(PythonKind::Ext.name(), &(*code, Bytes::from(data.as_slice()))),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(VALUE, ValueVisitor)
    }
}

macro_rules! scalars {
    ($($method:ident($($value:ident: $type:ty)?) => $made:expr,)*) => {$(
        fn $method<E>(self $(, $value: $type)?) -> Result<Value, E> {
            Ok($made)
        }
    )*};
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    scalars! {
        visit_unit() => Value::None,
        visit_none() => Value::None,
        visit_bool(value: bool) => Value::Bool(value),
        visit_i64(value: i64) => Value::Int(value.into()),
        visit_u64(value: u64) => Value::Int(value.into()),
        visit_i128(value: i128) => Value::Int(value),
        visit_u128(value: u128) => unsigned(value),
        visit_f64(value: f64) => Value::Float(value),
        visit_str(text: &str) => Value::Str(text.to_owned()),
        visit_string(text: String) => Value::Str(text),
        visit_bytes(bytes: &[u8]) => Value::Bytes(bytes.to_vec()),
        visit_byte_buf(bytes: Vec<u8>) => Value::Bytes(bytes),
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Map(pairs))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (index, content) = data.variant::<u32>()?;
        let refused = || A::Error::custom("unknown kind of value");
        let kind = PythonKind::by_index(index).ok_or_else(refused)?;
        let content = match kind {
            PythonKind::Tuple => return content.newtype_variant().map(Value::Tuple),
            PythonKind::Ext => {
                let (code, Bytes(data)) = content.newtype_variant()?;
                return Ok(Value::Ext { code, data });
            }
            _ => Value::Str(content.newtype_variant()?),
        };
        kind.wrap(content).ok_or_else(refused)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PythonKind::DateTime.name(), &self.to_string())
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Our deserializer hands out a stored date as its text too, as the types of date crates want it.
        deserializer.deserialize_str(FromText("a date and time", PhantomData))
    }
}

/// A kind of text that our own types parse, and that is more than text in some formats.
pub(crate) enum OwnText {
    DateTime,
    Uuid,
}

/// Returns the kind that a visitor parses, if it is one of ours.
pub(crate) fn own_text<V>() -> Option<OwnText> {
    let visitor = type_name::<V>();
    if visitor == type_name::<FromText<DateTime>>() {
        Some(OwnText::DateTime)
    } else if visitor == type_name::<FromText<uuid::Uuid>>() {
        Some(OwnText::Uuid)
    } else {
        None
    }
}

/// Parses a text of the kind that is named.
pub(super) struct FromText<T>(pub(super) &'static str, pub(super) PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}
