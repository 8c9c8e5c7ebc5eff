//! What a record holds for a Rust type, as far as the type tells serde.
//!
//! A [`Shape`] is what a value of the type is in a record: text, a list of integers, a struct with these fields. The
//! type is asked by [`Shape::of`], which reads values of it that it makes up.

mod reads;
#[cfg(test)]
mod tests;
mod trace;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::reads::losses;
pub use self::trace::Traced;

/// What a value is in a record.
///
/// Serialized it is a word, `"text"`, or a word with its parts, `{"list": "text"}`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Whatever there is.
    Any,
    /// `true` or `false`.
    Boolean,
    /// Bytes: also a list of `u8`.
    Bytes,
    /// Text of one character.
    Character,
    /// A [`DateTime`](crate::formats::value::DateTime).
    DateTime,
    /// Null.
    Null,
    /// A float.
    Number,
    /// Any text.
    Text,
    /// A [`Uuid`](crate::formats::value::Uuid).
    Uuid,
    /// An integer of the range that is named, as are the next nine.
    I8,
    #[allow(missing_docs)]
    I16,
    #[allow(missing_docs)]
    I32,
    #[allow(missing_docs)]
    I64,
    #[allow(missing_docs)]
    I128,
    #[allow(missing_docs)]
    U8,
    #[allow(missing_docs)]
    U16,
    #[allow(missing_docs)]
    U32,
    #[allow(missing_docs)]
    U64,
    #[allow(missing_docs)]
    U128,
    /// Text that its type parses, such as the text of a date; the name is that of what it parses.
    Parsed(String),
    /// Null or this.
    Optional(Box<Shape>),
    /// A list, or a set, of these.
    List(Box<Shape>),
    /// A list of this length with these in their order.
    Tuple(Vec<Shape>),
    /// A map with such keys and such values.
    Map(Box<Shape>, Box<Shape>),
    /// The struct or enum of this name.
    Type(String),
    /// A type that does not tell serde what it reads: its Rust name.
    Rust(String),
}

/// A struct or an enum with a name.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A map with these keys.
    Struct(BTreeMap<String, Part>),
    /// The name of a variant, or a map of it to what is in it. A variant that holds nothing has the shape null, one with
    /// fields is a struct of its own.
    Enum(BTreeMap<String, Shape>),
}

/// One field of a struct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it holds.
    #[serde(rename = "type")]
    pub shape: Shape,
    /// The struct can be read without the field.
    #[serde(default, skip_serializing_if = "is_false")]
    pub absent: bool,
    /// Other names under which the field is read. They are not stored: only what is read now has them.
    #[serde(skip)]
    pub aliases: Vec<String>,
}

/// Structs and enums by their names.
pub type Types = BTreeMap<String, Body>;

pub(crate) fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Shape {
    /// The range of an integer.
    fn range(&self) -> Option<(i128, u128)> {
        Some(match self {
            Shape::I8 => (i8::MIN.into(), i8::MAX.unsigned_abs().into()),
            Shape::I16 => (i16::MIN.into(), i16::MAX.unsigned_abs().into()),
            Shape::I32 => (i32::MIN.into(), i32::MAX.unsigned_abs().into()),
            Shape::I64 => (i64::MIN.into(), i64::MAX.unsigned_abs().into()),
            Shape::I128 => (i128::MIN, i128::MAX.unsigned_abs()),
            Shape::U8 => (0, u8::MAX.into()),
            Shape::U16 => (0, u16::MAX.into()),
            Shape::U32 => (0, u32::MAX.into()),
            Shape::U64 => (0, u64::MAX.into()),
            Shape::U128 => (0, u128::MAX),
            _ => return None,
        })
    }

    /// The shapes in it.
    fn parts_mut(&mut self) -> Vec<&mut Shape> {
        match self {
            Shape::Optional(inner) | Shape::List(inner) => vec![&mut **inner],
            Shape::Tuple(items) => items.iter_mut().collect(),
            Shape::Map(key, value) => vec![&mut **key, &mut **value],
            _ => Vec::new(),
        }
    }

    /// Gives the named types in it other names.
    pub(crate) fn rename(&mut self, name_of: &impl Fn(&str) -> String) {
        if let Shape::Type(name) = self {
            *name = name_of(name);
        }
        for part in self.parts_mut() {
            part.rename(name_of);
        }
    }
}

impl Body {
    /// Gives the named types in it other names.
    pub(crate) fn rename(&mut self, name_of: &impl Fn(&str) -> String) {
        match self {
            Body::Struct(parts) => parts.values_mut().for_each(|part| part.shape.rename(name_of)),
            Body::Enum(variants) => variants.values_mut().for_each(|content| content.rename(name_of)),
        }
    }
}

/// In words, for messages: `list of text`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Any => f.write_str("any value"),
            Shape::DateTime => f.write_str("date and time"),
            Shape::Parsed(kind) => write!(f, "text of the kind `{kind}`"),
            Shape::Optional(inner) => write!(f, "optional {inner}"),
            Shape::List(item) => write!(f, "list of {item}"),
            Shape::Map(key, value) => write!(f, "map of {key} to {value}"),
            Shape::Type(name) | Shape::Rust(name) => write!(f, "`{name}`"),
            Shape::Tuple(items) => {
                f.write_str("tuple of (")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            word => f.write_str(&format!("{word:?}").to_lowercase()),
        }
    }
}
