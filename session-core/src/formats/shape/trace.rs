//! Asks a type what it reads: it is given values that are made up, until it has shown all that it can ask for.
//!
//! A type tells a deserializer what it expects, and goes on only with a value of that kind. So a type is read again and
//! again, each time with another variant of an enum, another text where one is parsed, and, in the end, with one field
//! left out.

mod access;

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use self::access::{Entry, Fields, Items, Variant};
use super::{Body, Shape, Types};
use crate::formats::value::{OwnText, VALUE, own_text};

/// The shape of a type, with the structs and enums in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// What the type reads.
    pub shape: Shape,
    /// The structs and enums in it, under names that no two of them share.
    pub types: Types,
    /// The name by which serde knows each of them: the Rust name, if nothing else was said.
    pub names: BTreeMap<String, String>,
}

impl Shape {
    /// Asks a type for its shape.
    ///
    /// It is [`Shape::Rust`] for a type that does not say what it reads, as those do for which serde keeps a value until
    /// it knows more: enums that are untagged or tagged inside, and structs with flattened fields. The same holds for a
    /// type that has refused every value that was made up for it.
    #[must_use]
    pub fn of<T: DeserializeOwned>() -> Traced {
        let mut tracer = Tracer::default();
        let mut shape = unseen();
        if tracer.explore::<T>(&mut shape).is_none() {
            (tracer, shape) = (Tracer::default(), unseen());
        }
        tracer.finish(shape, type_name::<T>())
    }
}

/// What is not known. At the end it is the type of which it is a part.
fn unseen() -> Shape {
    Shape::Rust(String::new())
}

/// How often a type is read at most. One with a hundred fields and variants takes some two hundred.
const MOST_RUNS: usize = 4000;

/// Types that hold themselves are not followed, so this deep is one that never ends.
const GREATEST_DEPTH: usize = 100;

/// Texts, with the kind of what they are parsed as. The first is a text that only a type for any text reads.
const TEXTS: [(&str, &str); 18] = [
    ("", "☕ of tea?"),
    ("uuid", "67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ("date and time", "2001-02-03T04:05:06Z"),
    ("local date and time", "2001-02-03T04:05:06"),
    ("date", "2001-02-03"),
    ("time", "04:05:06"),
    ("address and port", "192.0.2.1:80"),
    ("address", "192.0.2.1"),
    ("address", "2001:db8::1"),
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

/// What keeps a type from being read.
#[derive(Debug)]
enum Stopped {
    /// The type refused a value.
    Refused,
    /// A field was there twice: two names mean the same one, which has this name.
    Twice(String),
    /// A field has no name that is known before it is read.
    Nameless,
    /// The type does not end.
    Endless,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that was made up was refused")
    }
}

impl std::error::Error for Stopped {}

impl serde::de::Error for Stopped {
    fn custom<T: fmt::Display>(_reason: T) -> Self {
        Stopped::Refused
    }

    fn duplicate_field(field: &'static str) -> Self {
        Stopped::Twice(field.to_owned())
    }
}

/// The keys with which a struct is fed, in this order.
struct Feed {
    keys: Vec<&'static str>,
    /// Other names for a field, with the first one.
    aliases: Vec<(&'static str, String)>,
}

/// How far an enum is known.
#[derive(Default)]
struct Variants {
    count: usize,
    known: BTreeSet<usize>,
    /// The one that is taken where the enum holds itself.
    last: usize,
}

/// The choices of enums in one run, by place.
type Route = BTreeMap<String, usize>;

/// What is known so far, and what the run under way has done.
#[derive(Default)]
struct Tracer {
    types: Types,
    names: BTreeMap<String, String>,
    feeds: BTreeMap<String, Feed>,
    variants: BTreeMap<String, Variants>,
    /// The values that were found to fit, by place.
    samples: BTreeMap<String, usize>,
    /// Choices that lead to each struct.
    routes: BTreeMap<String, Route>,
    run: Run,
}

#[derive(Default)]
struct Run {
    /// Where a value was chosen, and of how many.
    decided: Vec<(String, usize)>,
    route: Route,
    /// The choices that are to be made.
    forced: Route,
    /// The structs and enums that are being read.
    open: Vec<String>,
    structs: Vec<String>,
    /// Enums with variants that are not known yet.
    incomplete: usize,
    last_key: Option<(String, &'static str)>,
    /// The last enum in which a variant was taken because the type holds itself.
    ended: Option<String>,
    /// The field that is left out, and whether it would have been there.
    omitted: Option<(String, &'static str)>,
    omission_met: bool,
}

impl Tracer {
    /// `None`: the type can't be followed.
    fn explore<T: DeserializeOwned>(&mut self, shape: &mut Shape) -> Option<()> {
        let mut runs = 0..MOST_RUNS;
        loop {
            runs.next()?;
            match self.read::<T>(shape, Run::default()) {
                Ok(()) => {
                    let Run { structs, route, incomplete, .. } = std::mem::take(&mut self.run);
                    for id in structs {
                        self.routes.entry(id).or_insert_with(|| route.clone());
                    }
                    if incomplete == 0 {
                        break;
                    }
                }
                Err(Stopped::Refused) => self.next_sample()?,
                Err(Stopped::Twice(first)) => self.note_alias(first)?,
                Err(Stopped::Endless) => {
                    let variants = self.variants.get_mut(&self.run.ended.take()?)?;
                    variants.last = Some(variants.last + 1).filter(|last| *last < variants.count)?;
                }
                Err(Stopped::Nameless) => return None,
            }
        }
        self.find_what_may_be_absent::<T>();
        Some(())
    }

    fn read<T: DeserializeOwned>(&mut self, shape: &mut Shape, run: Run) -> Result<(), Stopped> {
        self.run = run;
        // What was seen with a value that does not fit is not what the type reads.
        let known = self.types.clone();
        let mut seen = unseen();
        let place = Place { path: String::new(), ends: false, depth: 0 };
        let read = T::deserialize(Tracing { tracer: self, out: &mut seen, place });
        match read {
            Ok(_) => absorb(shape, seen),
            Err(_) => self.types = known,
        }
        read.map(drop)
    }

    fn find_what_may_be_absent<T: DeserializeOwned>(&mut self) {
        let all: Vec<_> = self.feeds.iter().map(|(id, feed)| (id.clone(), feed.keys.clone())).collect();
        for (id, keys) in all {
            let forced = self.routes.get(&id).cloned().unwrap_or_default();
            for key in keys {
                let omitted = Some((id.clone(), key));
                let read =
                    self.read::<T>(&mut unseen(), Run { forced: forced.clone(), omitted, ..Run::default() });
                if let Some(Body::Struct(parts)) = self.types.get_mut(&id)
                    && let Some(part) = parts.get_mut(key)
                {
                    part.absent = read.is_ok() && self.run.omission_met;
                }
            }
        }
    }

    /// Goes on with the next value at the last place that has one, as a lock of numbers does.
    fn next_sample(&mut self) -> Option<()> {
        while let Some((place, count)) = self.run.decided.pop() {
            let sample = self.samples.entry(place).or_default();
            if *sample + 1 < count {
                *sample += 1;
                return Some(());
            }
            *sample = 0;
        }
        None
    }

    /// Of two names for one field the type says the first. If that came second here, it comes first from now on.
    fn note_alias(&mut self, first: String) -> Option<()> {
        let (id, key) = self.run.last_key.take()?;
        let feed = self.feeds.get_mut(&id)?;
        let position = feed.keys.iter().position(|other| *other == key)?;
        feed.keys.remove(position);
        if key == first {
            // It is there already if it was moved before: a type that says so can't be followed.
            if position == 0 {
                return None;
            }
            feed.keys.insert(0, key);
        } else {
            feed.aliases.push((key, first));
        }
        Some(())
    }

    /// Returns the number of the value to take at this place.
    fn sample(&mut self, path: &str, count: usize) -> usize {
        self.run.decided.push((path.to_owned(), count));
        self.samples.get(path).copied().unwrap_or(0)
    }

    /// Returns the variant to take at this place.
    fn choose(&mut self, id: &str, path: &str, count: usize, ends: bool) -> usize {
        let variants = self.variants.entry(id.to_owned()).or_default();
        variants.count = count;
        let first_unknown = (0..count).find(|variant| !variants.known.contains(variant));
        let choice = match (self.run.forced.get(path), first_unknown) {
            _ if ends => variants.last,
            (Some(forced), _) => *forced,
            (None, Some(unknown)) => unknown,
            (None, None) => variants.last,
        };
        if ends {
            self.run.ended = Some(id.to_owned());
        } else {
            self.run.route.insert(path.to_owned(), choice);
        }
        choice
    }

    /// Notes that all of a variant has been seen, unless something in it has not.
    fn chosen(&mut self, id: &str, choice: usize, was_incomplete: usize) {
        let Some(variants) = self.variants.get_mut(id) else { return };
        if self.run.incomplete == was_incomplete {
            variants.known.insert(choice);
        }
        if variants.known.len() < variants.count {
            self.run.incomplete += 1;
        }
    }

    fn finish(mut self, mut shape: Shape, rust: &str) -> Traced {
        for (id, feed) in &self.feeds {
            let Some(Body::Struct(parts)) = self.types.get_mut(id) else { continue };
            for (alias, first) in &feed.aliases {
                parts.remove(*alias);
                if let Some(part) = parts.get_mut(first) {
                    part.aliases.push((*alias).to_owned());
                }
            }
        }
        name_unseen(&mut shape, rust);
        for body in self.types.values_mut() {
            match body {
                Body::Struct(parts) => parts.values_mut().for_each(|part| name_unseen(&mut part.shape, rust)),
                Body::Enum(variants) => variants.values_mut().for_each(|content| name_unseen(content, rust)),
            }
        }
        Traced { shape, types: self.types, names: self.names }
    }
}

/// Takes over what was seen now, if not all was seen before.
fn absorb(known: &mut Shape, seen: Shape) {
    if has_unseen(known) && seen != unseen() {
        *known = seen;
    }
}

fn has_unseen(shape: &mut Shape) -> bool {
    *shape == unseen() || shape.parts_mut().into_iter().any(has_unseen)
}

fn name_unseen(shape: &mut Shape, rust: &str) {
    match shape {
        Shape::Rust(name) if name.is_empty() => rust.clone_into(name),
        shape => shape.parts_mut().into_iter().for_each(|part| name_unseen(part, rust)),
    }
}

/// Where a value is.
#[derive(Clone)]
struct Place {
    path: String,
    /// Inside of a type that holds itself: everything ends as soon as it can.
    ends: bool,
    depth: usize,
}

impl Place {
    fn below(&self, step: impl fmt::Display) -> Result<Place, Stopped> {
        if self.depth == GREATEST_DEPTH {
            return Err(Stopped::Endless);
        }
        Ok(Place { path: format!("{}/{step}", self.path), ends: self.ends, depth: self.depth + 1 })
    }
}

/// A deserializer that notes what it is asked for.
struct Tracing<'t> {
    tracer: &'t mut Tracer,
    out: &'t mut Shape,
    place: Place,
}

type Read<'de, V> = Result<<V as Visitor<'de>>::Value, Stopped>;

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
    fn sequence<'de, V: Visitor<'de>>(
        &mut self,
        count: usize,
        visitor: V,
    ) -> Result<(V::Value, Vec<Shape>), Stopped> {
        let mut shapes = vec![unseen(); count];
        let items = Items { tracer: self.tracer, shapes: shapes.iter_mut().enumerate(), place: &self.place };
        Ok((visitor.visit_seq(items)?, shapes))
    }

    /// Reads a struct, which is known by `id`.
    fn structure<'de, V: Visitor<'de>>(
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
