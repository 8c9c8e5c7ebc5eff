//! The values that Flask and Flask-Session store, and their bridge to serde.
//!
//! A session field is any type with serde's `Serialize` and `Deserialize`: [`to_value`] and
//! [`from_value`] translate between it and a [`Value`], and the session's format between a
//! [`Value`] and bytes. A field may also be a [`Value`] itself where its type is only known at run
//! time; every variant survives the two functions.
//!
//! ```
//! # extern crate rocket_session_state_core as rocket_session_state;
//! use rocket_session_state::value::{Value, from_value, to_value};
//!
//! let pair = to_value(&("info", 3)).unwrap();
//! assert_eq!(pair, Value::Tuple(vec![Value::Str("info".into()), Value::Int(3)]));
//! assert_eq!(from_value::<(String, u8)>(pair).unwrap(), ("info".to_owned(), 3));
//! ```
//!
#![doc = include_str!("types.md")]

mod bytes;
mod datetime;
mod de;
mod key_order;
mod markup;
mod newtypes;
mod ser;
mod uuid;

use std::fmt;

pub use self::bytes::Bytes;
pub use self::uuid::Uuid;
pub use datetime::{DateTime, InvalidDateTime};
pub use de::from_value;
pub(crate) use key_order::{key_order, last_value_wins};
pub use markup::Markup;
pub(crate) use newtypes::{OwnText, VALUE, own_text};
pub use ser::to_value;
pub(crate) use ser::to_value_for;

pub use super::format::MAX_DEPTH;
pub(crate) use super::format::MAX_DIGITS;

/// One value of a session, as Python knows it.
///
/// Kinds that a format can't tell apart come back as the nearest variant: a tuple in a record is read as a
/// [`List`](Value::List), bytes in JSON as [`Str`](Value::Str).
///
/// The result of [`Format::decode`](crate::formats::codec::Format::decode) and [`to_value`] is at most
/// [`MAX_DEPTH`] levels deep, so that comparing, cloning and dropping it is safe on any stack.
///
/// Two values are equal if the same is stored for them: NaN equals itself, and `0.0` is not `-0.0`.
///
/// `Debug` shows kinds and sizes only, since the contents are somebody's session.
#[derive(Clone)]
pub enum Value {
    /// `None`, `null`, nil.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of up to 128 bits.
    Int(i128),
    /// An integer beyond 128 bits, in decimal digits with an optional minus. Not in msgpack.
    BigInt(String),
    /// A float; JSON records hold neither NaN nor infinities and write `null` instead.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple: kept in cookies, a list in records.
    Tuple(Vec<Value>),
    /// A map in its order. Keys are unique after decoding.
    Map(Vec<(Value, Value)>),
    /// A date and time.
    DateTime(DateTime),
    /// A UUID: kept in cookies, text in records.
    Uuid(::uuid::Uuid),
    /// Text marked as safe HTML. Only in cookies.
    Markup(String),
    /// A msgpack extension that has no meaning here. Only in msgpack.
    Ext {
        /// The application's type code; -1 is msgpack's timestamp and read as [`Value::DateTime`].
        code: i8,
        /// The content.
        data: Vec<u8>,
    },
}

impl Value {
    /// The kind, in a word that may be logged: `text`, `integer`, `list` …
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "null",
            Value::Bool(_) => "true or false",
            Value::Int(_) | Value::BigInt(_) => "integer",
            Value::Float(_) => "float",
            Value::Str(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Map(_) => "map",
            Value::DateTime(_) => "date and time",
            Value::Uuid(_) => "UUID",
            Value::Markup(_) => "HTML text",
            Value::Ext { .. } => "msgpack extension",
        }
    }
}

impl Value {
    /// The same with text in the place of HTML text. It recurses: for what is at most [`MAX_DEPTH`] levels deep.
    pub(crate) fn with_plain_text(self) -> Value {
        let all = |items: Vec<Value>| items.into_iter().map(Value::with_plain_text).collect();
        match self {
            Value::Markup(text) => Value::Str(text),
            Value::List(items) => Value::List(all(items)),
            Value::Tuple(items) => Value::Tuple(all(items)),
            Value::Map(pairs) => Value::Map(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.with_plain_text(), value.with_plain_text()))
                    .collect(),
            ),
            other => other,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        key_order(self, other).is_eq()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Value::Str(text) | Value::Markup(text) => write!(f, " of {} bytes", text.len()),
            Value::Bytes(bytes) => write!(f, " ({})", bytes.len()),
            Value::List(items) | Value::Tuple(items) => write!(f, " of {}", items.len()),
            Value::Map(pairs) => write!(f, " of {}", pairs.len()),
            _ => Ok(()),
        }
    }
}
