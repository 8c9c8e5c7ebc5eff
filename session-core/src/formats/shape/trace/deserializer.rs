//! The deserializer that a type is given: it notes what it is asked for, and answers with values that are made up.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Visitor};

use super::access::{Entry, Fields, Items, Variant};
use super::{Body, Feed, Shape, Stopped, Tracer, absorb, unseen};
use crate::formats::value::{OwnText, VALUE, own_text};

/// Types that hold themselves are not followed, so this deep is one that never ends.
const GREATEST_DEPTH: usize = 100;

/// Texts, with the kind of what they are parsed as. The first is a text that only a type for any text reads.
const TEXTS: [(&str, &str); 19] = [
    ("", "☕ of tea?"),
    ("uuid", "67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ("date and time", "2001-02-03T04:05:06Z"),
    ("local date and time", "2001-02-03T04:05:06"),
    ("date", "2001-02-03"),
    ("time", "04:05:06"),
    ("address and port", "[2001:db8::1]:80"),
    ("IPv4 address and port", "192.0.2.1:80"),
    ("address", "2001:db8::1"),
    ("IPv4 address", "192.0.2.1"),
    ("url", "https://example.com/"),
    ("path", "/a"),
    ("e-mail", "momo@example.com"),
    ("version", "1.2.3"),
    ("time zone", "Europe/Berlin"),
    ("number", "1"),
    ("hexadecimal", "00112233"),
    ("language", "en"),
    ("word", "A"),
];

/// Where a value is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) path: String,
    /// Inside of a type that holds itself: everything ends as soon as it can.
    pub(super) ends: bool,
    pub(super) depth: usize,
}

impl Place {
    pub(super) fn below(&self, step: impl fmt::Display) -> Result<Place, Stopped> {
        if self.depth == GREATEST_DEPTH {
            return Err(Stopped::Endless);
        }
        Ok(Place { path: format!("{}/{step}", self.path), ends: self.ends, depth: self.depth + 1 })
    }
}

/// A deserializer that notes what it is asked for.
pub(super) struct Tracing<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) out: &'t mut Shape,
    pub(super) place: Place,
}

pub(super) type Read<'de, V> = Result<<V as Visitor<'de>>::Value, Stopped>;

impl Tracing<'_> {
    /// Returns one of these values.
    fn one_of<S: Copy>(&mut self, samples: &[S]) -> Result<S, Stopped> {
        let sample = self.tracer.sample(&self.place.path, samples.len());
        samples.get(sample).copied().ok_or(Stopped::Refused)
    }

    fn text<'de, V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        let (kind, text) = self.one_of(&TEXTS)?;
        *self.out = if kind.is_empty() { Shape::Text } else { Shape::Parsed(kind.to_owned()) };
        visitor.visit_string(text.to_owned())
    }

    fn integer<'de, V: Visitor<'de>>(mut self, shape: Shape, visitor: V) -> Read<'de, V> {
        *self.out = shape;
        let number = self.one_of(&[1, 0, 2, 24, 365, 2000, 1_000_000_000])?;
        visitor.visit_i64(number)
    }

    fn float<'de, V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Number;
        let number = self.one_of(&[1.0, 0.0, 0.5])?;
        visitor.visit_f64(number)
    }

    fn bytes<'de, V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Bytes;
        let length = self.one_of(&[1, 0, 16, 20, 32, 64])?;
        visitor.visit_byte_buf(vec![0; length])
    }

    /// A value of a kind that nobody knows before it is there. `T` is the type that reads it, or serde's buffer.
    fn anything<'de, V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        let reader = type_name::<V::Value>();
        let is_buffered = ["serde::", "serde_core::"].iter().any(|module| reader.contains(module));
        *self.out = if is_buffered { unseen() } else { Shape::Rust(reader.to_owned()) };
        let sample = self.tracer.sample(&self.place.path, TEXTS.len() + 5);
        match TEXTS.get(sample) {
            Some((_, text)) => visitor.visit_string((*text).to_owned()),
            None => match sample - TEXTS.len() {
                0 => visitor.visit_i64(1),
                1 => visitor.visit_f64(1.0),
                2 => visitor.visit_bool(true),
                3 => visitor.visit_unit(),
                _ => self.sequence(0, visitor).map(|(value, _)| value),
            },
        }
    }

    /// Reads a sequence of so many values, and returns their shapes as well.
    pub(super) fn sequence<'de, V: Visitor<'de>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<(V::Value, Vec<Shape>), Stopped> {
        let mut shapes = vec![unseen(); count];
        let items = Items { tracer: self.tracer, shapes: shapes.iter_mut().enumerate(), place: &self.place };
        Ok((visitor.visit_seq(items)?, shapes))
    }

    /// Reads a struct, which is known by `id`.
    pub(super) fn structure<'de, V: Visitor<'de>>(
        self,
        id: String,
        name: String,
        keys: &[&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        let Tracing { tracer, out, mut place } = self;
        *out = Shape::Type(id.clone());
        tracer.types.entry(id.clone()).or_insert_with(|| Body::Struct(BTreeMap::new()));
        tracer.names.insert(id.clone(), name);
        place.ends |= tracer.run.open.contains(&id);
        if !place.ends {
            tracer.run.structs.push(id.clone());
        }
        let feed = tracer.feeds.entry(id.clone());
        let feed = feed.or_insert_with(|| Feed { keys: keys.to_vec(), aliases: Vec::new() });
        let mut keys = feed.keys.clone();
        if let Some((_, omitted)) = tracer.run.omitted.as_ref().filter(|(omitted_of, _)| *omitted_of == id) {
            keys.retain(|key| key != omitted);
            tracer.run.omission_met = true;
        }
        tracer.run.open.push(id.clone());
        let fields = Fields { tracer, id: &id, keys: keys.into_iter(), key: None, place: &place };
        let value = visitor.visit_map(fields)?;
        tracer.run.open.pop();
        Ok(value)
    }
}

macro_rules! integers {
    ($($method:ident => $shape:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
            self.integer(Shape::$shape, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tracing<'_> {
    type Error = Stopped;

    integers! {
        deserialize_i8 => I8 deserialize_i16 => I16 deserialize_i32 => I32 deserialize_i64 => I64
        deserialize_i128 => I128 deserialize_u8 => U8 deserialize_u16 => U16 deserialize_u32 => U32
        deserialize_u64 => U64 deserialize_u128 => U128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.anything(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Boolean;
        let value = self.one_of(&[true, false])?;
        visitor.visit_bool(value)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.float(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Character;
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        let (shape, text) = match own_text::<V>() {
            None => return self.text(visitor),
            Some(OwnText::DateTime) => (Shape::DateTime, "2001-02-03T04:05:06Z"),
            Some(OwnText::Uuid) => (Shape::Uuid, "67e55044-10b1-426f-9247-bb680e5fe0c8"),
        };
        *self.out = shape;
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        self.bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        let mut inner = unseen();
        let read = if self.place.ends {
            visitor.visit_none()
        } else {
            let place = self.place.below("some")?;
            visitor.visit_some(Tracing { tracer: self.tracer, out: &mut inner, place })
        };
        *self.out = Shape::Optional(Box::new(inner));
        read
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Null;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<'de, V> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Read<'de, V> {
        if name == VALUE {
            *self.out = Shape::Any;
            return visitor.visit_unit();
        }
        let place = self.place.below("new")?;
        visitor.visit_newtype_struct(Tracing { place, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Read<'de, V> {
        let (value, shapes) = self.sequence(usize::from(!self.place.ends), visitor)?;
        let item = shapes.into_iter().next().unwrap_or_else(unseen);
        *self.out = if item == Shape::U8 { Shape::Bytes } else { Shape::List(Box::new(item)) };
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(mut self, len: usize, visitor: V) -> Read<'de, V> {
        let (value, shapes) = self.sequence(len, visitor)?;
        *self.out = Shape::Tuple(shapes);
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Read<'de, V> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        let (mut key, mut value) = (unseen(), unseen());
        let entry = (!self.place.ends).then_some((&mut key, &mut value));
        let read = visitor.visit_map(Entry { tracer: self.tracer, entry, value: None, place: &self.place });
        *self.out = Shape::Map(Box::new(key), Box::new(value));
        read
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        // Of two structs with one name, each has a visitor of its own.
        self.structure(type_name::<V>().to_owned(), name.to_owned(), fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        let Tracing { tracer, out, mut place } = self;
        let id = type_name::<V>();
        *out = Shape::Type(id.to_owned());
        place.ends |= tracer.run.open.iter().any(|open| open == id);
        let choice = tracer.choose(id, &place.path, variants.len(), place.ends);
        let chosen = *variants.get(choice).ok_or(Stopped::Refused)?;
        tracer.names.insert(id.to_owned(), name.to_owned());
        tracer.run.open.push(id.to_owned());
        let was_incomplete = tracer.run.incomplete;
        let (mut content, place) = (unseen(), place.below(chosen)?);
        let variant = Variant {
            tracer,
            content: &mut content,
            chosen,
            id: format!("{id}::{chosen}"),
            name: format!("{name}.{chosen}"),
            place: &place,
        };
        let value = visitor.visit_enum(variant)?;
        tracer.run.open.pop();
        let body = tracer.types.entry(id.to_owned()).or_insert_with(|| Body::Enum(BTreeMap::new()));
        if let Body::Enum(known) = body {
            absorb(known.entry(chosen.to_owned()).or_insert_with(unseen), content);
        }
        if !place.ends {
            tracer.chosen(id, choice, was_incomplete);
        }
        Ok(value)
    }

    /// The name of a field that is not one of a list: one of a struct with flattened fields.
    fn deserialize_identifier<V: Visitor<'de>>(self, _visitor: V) -> Read<'de, V> {
        Err(Stopped::Nameless)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<'de, V> {
        *self.out = Shape::Any;
        visitor.visit_unit()
    }
}
