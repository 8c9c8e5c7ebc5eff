//! The places of the top-level keys and values in a record.

use std::ops::Range;

use super::duplicates::may_have_duplicates;
use crate::formats::error::{DecodeError, DecodeKind::TooLong};
use crate::formats::value::last_value_wins;

/// A top-level key.
///
/// Ordered as Python orders text, by code point; keys of other types come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RawKey<'a> {
    /// Text.
    Text(&'a str),
    /// A key that no `str` can hold, encoded in its record's format: msgpack has keys of other types,
    /// JSON texts with half of a surrogate pair (here with their quotes).
    Other(&'a [u8]),
}

impl<'a> RawKey<'a> {
    /// The key, if it is text.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            RawKey::Text(text) => Some(text),
            RawKey::Other(_) => None,
        }
    }

    /// Returns its bytes before encoding.
    pub(super) fn bytes(&self) -> &'a [u8] {
        match self {
            RawKey::Text(text) => text.as_bytes(),
            RawKey::Other(raw) => raw,
        }
    }
}

/// One key and the place of its value.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: Span,
}

#[derive(Clone)]
pub(super) enum Key {
    /// Text that is in the record as it is.
    Text(Span),
    /// Text that is escaped in the record.
    Escaped(Box<str>),
    /// A key that is not text.
    Other(Span),
}

impl Entry {
    /// The entry of a key that was written to one place, without header or quotes, and its value to another.
    pub(super) fn written(
        raw: &RawKey<'_>,
        key: Range<usize>,
        value: Range<usize>,
    ) -> Result<Self, DecodeError> {
        let as_it_is = key.len() == raw.bytes().len();
        let span = Span::new(key)?;
        let key = match raw {
            RawKey::Text(_) if as_it_is => Key::Text(span),
            RawKey::Text(text) => Key::Escaped((*text).into()), // escapes are longer
            RawKey::Other(_) => Key::Other(span),
        };
        Ok(Entry { key, value: Span::new(value)? })
    }
}

/// A range of the record's bytes. Half the size of a range of `usize`: a record under 4 GiB.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn new(range: Range<usize>) -> Result<Self, DecodeError> {
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(start), Ok(end)) => Ok(Span { start, end }),
            _ => Err(DecodeError(TooLong)),
        }
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn slice(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Key {
    pub(super) fn as_text<'a>(&'a self, bytes: &'a [u8]) -> Option<&'a str> {
        let (other, text) = self.sort_key(bytes);
        if other { None } else { str::from_utf8(text).ok() }
    }

    /// Returns the key to sort by: text before everything else, each as bytes, which are cheap to compare.
    pub(super) fn sort_key<'a>(&'a self, bytes: &'a [u8]) -> (bool, &'a [u8]) {
        match self {
            Key::Text(span) => (false, span.slice(bytes)),
            Key::Escaped(text) => (false, text.as_bytes()),
            Key::Other(span) => (true, span.slice(bytes)),
        }
    }
}

/// Leaves one entry of each key: the last value, at the place of the first.
pub(super) fn dedup(entries: &mut Vec<Entry>, bytes: &[u8]) {
    if may_have_duplicates(entries.iter().map(|entry| entry.key.sort_key(bytes).1)) {
        last_value_wins(entries, |a, b| a.key.sort_key(bytes).cmp(&b.key.sort_key(bytes)));
    }
}

/// Returns the room for all entries: their bytes and the longest header, or quotes and separators; escapes may need more.
pub(super) fn joined_size(entries: &[(RawKey<'_>, &[u8])]) -> usize {
    entries.iter().map(|(key, value)| key.bytes().len() + value.len() + 5).sum::<usize>() + 5
}
