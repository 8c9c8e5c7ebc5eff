//! Asks a type what it reads: it is given values that are made up, until it has shown all that it can ask for.
//!
//! A type tells a deserializer what it expects, and goes on only with a value of that kind. So a type is read again and
//! again, each time with another variant of an enum, another text where one is parsed, and, in the end, with one field
//! left out.

mod access;
mod deserializer;

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::DeserializeOwned;

use self::deserializer::{Place, Tracing};
use super::{Body, Shape, Types};

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
