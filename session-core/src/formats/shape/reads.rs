//! Whether a type reads what another has stored.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Part, Shape, Types};

/// Returns what is lost of values that were stored as `was` when they are read as `is`: a line for each reason, which
/// begins with the place. It is empty if every such value can be read, and keeps all that is in it.
pub fn losses(place: &str, was: (&Shape, &Types), is: (&Shape, &Types)) -> Vec<String> {
    let mut comparison = Comparison { was: was.1, is: is.1, compared: BTreeSet::new(), losses: Vec::new() };
    comparison.shapes(place, was.0, is.0);
    comparison.losses
}

struct Comparison<'a> {
    was: &'a Types,
    is: &'a Types,
    /// The pairs of named types that were compared already: types may hold themselves.
    compared: BTreeSet<(&'a str, &'a str)>,
    losses: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn shapes(&mut self, place: &str, was: &'a Shape, is: &'a Shape) {
        match (was, is) {
            (_, Shape::Any) => {}
            (Shape::Optional(was), Shape::Optional(is)) => self.shapes(place, was, is),
            (Shape::Null, Shape::Optional(_)) => {}
            (was, Shape::Optional(is)) => self.shapes(place, was, is),
            (Shape::List(was), Shape::List(is)) => self.shapes(&format!("{place}, in each item"), was, is),
            (Shape::Tuple(was), Shape::List(is)) => {
                for was in was {
                    self.shapes(&format!("{place}, in each item"), was, is);
                }
            }
            (Shape::Tuple(was), Shape::Tuple(is)) if was.len() == is.len() => {
                for (number, (was, is)) in was.iter().zip(is).enumerate() {
                    self.shapes(&format!("{place}, item {}", number + 1), was, is);
                }
            }
            (Shape::Map(was_key, was), Shape::Map(is_key, is)) => {
                // A number reads as a key that is text, and JSON has no other keys.
                if !(was_key.range().is_some() && **is_key == Shape::Text) {
                    self.shapes(&format!("{place}, in each key"), was_key, is_key);
                }
                self.shapes(&format!("{place}, in each value"), was, is);
            }
            (Shape::Type(was), Shape::Type(is)) => self.named(place, was, is),
            (Shape::Type(name), Shape::Map(key, is)) => self.struct_as_map(place, name, key, is, was),
            (Shape::Type(name), Shape::Text) if self.is_a_word(name) => {}
            (was, is) if reads(was, is) => {}
            (was, is) => self.losses.push(format!("{place} was {was} and is {is}")),
        }
    }

    fn named(&mut self, place: &str, was: &'a str, is: &'a str) {
        if !self.compared.insert((was, is)) {
            return;
        }
        match (self.was.get(was), self.is.get(is)) {
            (Some(Body::Struct(was)), Some(Body::Struct(is))) => {
                for (name, part) in was {
                    match part_for(name, is) {
                        Some(is) => self.shapes(&format!("{place}, `{name}`"), &part.shape, &is.shape),
                        None => {
                            self.losses.push(format!("{place}, `{name}` was {} and is gone", part.shape));
                        }
                    }
                }
                for (name, part) in is.iter().filter(|(_, part)| !part.absent) {
                    let names = || std::iter::once(name).chain(&part.aliases);
                    if !names().any(|name| was.get(name).is_some_and(|was| !was.absent)) {
                        self.losses.push(format!(
                            "{place}, `{name}` is required, and not in everything that is stored: write `#[serde(default)]`"
                        ));
                    }
                }
            }
            (Some(Body::Enum(was)), Some(Body::Enum(is))) => {
                for (name, content) in was {
                    match is.get(name) {
                        Some(is) if (*content == Shape::Null) != (*is == Shape::Null) => {
                            self.losses
                                .push(format!("{place}, variant `{name}` held {content} and holds {is}"));
                        }
                        Some(is) => self.shapes(&format!("{place}, variant `{name}`"), content, is),
                        None => self.losses.push(format!("{place}, the variant `{name}` is gone")),
                    }
                }
            }
            (was_body, is_body) => self.losses.push(format!(
                "{place} was the {} `{was}` and is the {} `{is}`",
                word(was_body),
                word(is_body)
            )),
        }
    }

    fn struct_as_map(&mut self, place: &str, name: &str, key: &Shape, is: &'a Shape, was: &Shape) {
        match self.was.get(name) {
            Some(Body::Struct(parts)) if *key == Shape::Text => {
                for (name, part) in parts {
                    self.shapes(&format!("{place}, `{name}`"), &part.shape, is);
                }
            }
            _ => self.losses.push(format!("{place} was {was} and is a map of {key} to {is}")),
        }
    }

    /// An enum without content is stored as the names of its variants.
    fn is_a_word(&self, name: &str) -> bool {
        matches!(self.was.get(name), Some(Body::Enum(variants)) if variants.values().all(|content| *content == Shape::Null))
    }
}

fn part_for<'p>(name: &str, parts: &'p BTreeMap<String, Part>) -> Option<&'p Part> {
    parts.get(name).or_else(|| parts.values().find(|part| part.aliases.iter().any(|alias| alias == name)))
}

fn word(body: Option<&Body>) -> &'static str {
    match body {
        Some(Body::Struct(_)) => "struct",
        Some(Body::Enum(_)) => "enum",
        None => "unknown type",
    }
}

/// Whether a value without parts reads as another.
fn reads(was: &Shape, is: &Shape) -> bool {
    if let (Some((was_least, was_greatest)), Some((least, greatest))) = (was.range(), is.range()) {
        return was_least >= least && was_greatest <= greatest;
    }
    match (was, is) {
        (was, Shape::Number) if was.range().is_some() => true,
        (Shape::Character | Shape::Parsed(_), Shape::Text) => true,
        (Shape::Parsed(was), Shape::Parsed(is)) => was == is || was.strip_prefix("IPv4 ") == Some(is),
        // Texts that are dates or UUIDs are read from stored dates and UUIDs, and the other way round.
        (Shape::Parsed(kind), Shape::Uuid) | (Shape::Uuid, Shape::Parsed(kind)) => kind == "uuid",
        (Shape::Parsed(kind), Shape::DateTime) => kind.ends_with("date and time"),
        (Shape::DateTime, Shape::Parsed(kind)) => kind == "date and time",
        _ => was == is,
    }
}
