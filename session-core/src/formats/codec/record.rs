//! A stored map whose values stay as they are until somebody asks for one.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::lookup::{Lookup, MANY};
#[cfg(feature = "pickle")]
use super::pickle::{self, PickleError};
use super::repeated::may_repeat;
use super::{DecodeError, Format, json, legacy, msgpack};
use crate::formats::value::last_value_wins;

/// A session as it was stored: its bytes and where in them each top-level value lies.
///
/// Parsing scans without decoding: it allocates the index and little else, does not recurse, and works
/// for values that are nested deeper than [`Format::decode`] reads.
#[derive(Clone)]
pub struct Record {
    format: Format,
    bytes: Bytes,
    entries: Vec<Entry>,
    lookup: Lookup,
}

/// A top-level key.
///
/// Ordered as Python orders text, by code point; what is no text comes last.
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

    /// Its bytes before encoding.
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
    /// Text that stands in the record as it is.
    Text(Span),
    /// Text that is escaped in the record.
    Escaped(Box<str>),
    /// Not text.
    Other(Span),
}

impl Entry {
    /// The entry of a key that was written to one place, without header or quotes, and its value to another.
    fn placed(raw: &RawKey<'_>, key: Range<usize>, value: Range<usize>) -> Result<Self, DecodeError> {
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
            _ => Err(DecodeError::too_long()),
        }
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Key {
    /// Text sorts before what is not, each as bytes: cheap to compare.
    pub(super) fn text<'a>(&'a self, bytes: &'a [u8]) -> Option<&'a str> {
        let (other, text) = self.of(bytes);
        if other { None } else { str::from_utf8(text).ok() }
    }

    fn of<'a>(&'a self, bytes: &'a [u8]) -> (bool, &'a [u8]) {
        match self {
            Key::Text(span) => (false, span.of(bytes)),
            Key::Escaped(text) => (false, text.as_bytes()),
            Key::Other(span) => (true, span.of(bytes)),
        }
    }
}

impl Record {
    fn new(format: Format, bytes: Bytes, entries: Vec<Entry>) -> Self {
        Record { format, bytes, entries, lookup: Lookup::default() }
    }

    /// A record without entries.
    pub fn empty(format: Format) -> Self {
        Record::new(format, Bytes::new(), Vec::new())
    }

    /// Indexes the top-level map of `bytes`.
    ///
    /// As upstream a list of pairs counts as a map (R5), and of a key that occurs twice the last value
    /// counts, at the place of the first. In tagged JSON an escaped map is unescaped, and `null` is
    /// empty (A7). A pickle in which one value refers to another becomes a record without references.
    ///
    /// # Errors
    ///
    /// The bytes are not of this format, or no map.
    pub fn parse(format: Format, bytes: Bytes) -> Result<Record, DecodeError> {
        let entries = match format {
            Format::Msgpack => msgpack::index(&bytes)?,
            Format::Json => json::index(&bytes, json::Dialect::Record)?,
            Format::TaggedJson => json::index(&bytes, json::Dialect::Tagged)?,
            #[cfg(feature = "pickle")]
            Format::Pickle => {
                let (bytes, entries) = pickle::index(bytes)?;
                return Ok(Record::new(format, bytes, entries));
            }
        };
        Ok(Record::new(format, bytes, entries))
    }

    /// The record that [`Format::join`] makes of these entries, indexed while it is made: to parse it
    /// again was a third of the work of a save.
    ///
    /// # Errors
    ///
    /// It is too long for a record.
    pub fn join(format: Format, parts: &[(RawKey<'_>, &[u8])]) -> Result<Record, DecodeError> {
        let mut bytes = Vec::with_capacity(joined_size(parts));
        let mut entries = Vec::with_capacity(parts.len());
        let mut keys = parts.iter().map(|(key, _)| key);
        let placed =
            |key, value| entries.extend(keys.next().and_then(|raw| Entry::placed(raw, key, value).ok()));
        match format {
            Format::Msgpack => msgpack::join(&mut bytes, parts, placed),
            Format::Json => json::join(&mut bytes, parts, placed),
            // A pickle's values lie elsewhere once it has an end.
            #[cfg(feature = "pickle")]
            Format::Pickle => return Record::parse(format, format.join(parts).into()),
            // Sorted and escaped; and its record is not read again but sent away.
            Format::TaggedJson => return Record::parse(format, format.join(parts).into()),
        }
        if entries.len() < parts.len() {
            return Err(DecodeError::too_long());
        }
        Ok(Record::new(format, bytes.into(), entries))
    }

    /// Reads what a store holds: in the configured format, else in the other one of records, else as a
    /// pickle of an older release (R1, R4; with the cargo feature `pickle`). `None` for what counts as
    /// missing: nothing, msgpack's nil, JSON's `null` and a pickled `None` (B6). A cookie's format has no
    /// other, and neither have the pickles in files (section 3.10).
    ///
    /// A pickle becomes a record of the configured format, which is therefore what the next save writes
    /// (R3); or of the other one if only that can hold all of it: JSON integers beyond 64 bits, msgpack
    /// top-level keys that are no text. Tuples and sets become lists, and in JSON bytes become text.
    ///
    /// # Errors
    ///
    /// The bytes are none of these, or no map, or a pickle that can't be read (without that feature none
    /// can). The source is what the configured format says, or what is wrong with the pickle.
    pub fn read(configured: Format, bytes: Bytes) -> Result<Option<Record>, DecodeError> {
        let other = match configured {
            Format::Msgpack => Format::Json,
            Format::Json => Format::Msgpack,
            Format::TaggedJson => return Record::parse(configured, bytes).map(Some),
            #[cfg(feature = "pickle")]
            Format::Pickle if pickle::is_none(&bytes) => return Ok(None),
            #[cfg(feature = "pickle")]
            Format::Pickle => {
                let record = Record::parse(configured, bytes);
                return record.map(Some).map_err(|error| PickleError::Record(Box::new(error)).into());
            }
        };
        if bytes.is_empty() || *bytes == [msgpack::NIL] || bytes.trim_ascii() == b"null" {
            return Ok(None);
        }
        match Record::parse(configured, bytes.clone()) {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.is_not_a_mapping() => Err(error),
            Err(error) => match Record::parse(other, bytes.clone()) {
                Ok(record) => Ok(Some(record)),
                Err(_) if legacy::is_pickle(&bytes) => legacy::read([configured, other], &bytes),
                Err(_) => Err(DecodeError::unreadable(configured, error)),
            },
        }
    }

    /// The format that it was written in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole record, as it is stored.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The encoded value of a text key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let entry = match self.entries.len() {
            ..=MANY => {
                self.entries.iter().find(|entry| entry.key.of(&self.bytes) == (false, key.as_bytes()))?
            }
            _ => self.among_many(key)?,
        };
        Some(entry.value.of(&self.bytes))
    }

    #[cold]
    fn among_many(&self, key: &str) -> Option<&Entry> {
        let is_it = |entry: &&Entry| entry.key.of(&self.bytes) == (false, key.as_bytes());
        let keys = self.entries.iter().map(|entry| entry.key.of(&self.bytes).1);
        match self.lookup.candidates(key.as_bytes(), keys) {
            Some(places) => places.filter_map(|place| self.entries.get(place)).find(is_it),
            None => self.entries.iter().find(is_it),
        }
    }

    /// All keys with their encoded values, in their order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (RawKey<'_>, &[u8])> {
        self.entries.iter().map(|entry| {
            let key = match entry.key.of(&self.bytes) {
                (false, text) => RawKey::Text(str::from_utf8(text).unwrap_or_default()), // UTF-8: checked by `index`
                (true, raw) => RawKey::Other(raw),
            };
            (key, entry.value.of(&self.bytes))
        })
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Never shows keys or values: it is somebody's session.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("format", &self.format)
            .field("bytes", &self.bytes.len())
            .field("entries", &self.entries.len())
            .finish()
    }
}

/// Room for all entries: their bytes and the longest header, or quotes and separators; escapes may need more.
pub(super) fn joined_size(entries: &[(RawKey<'_>, &[u8])]) -> usize {
    entries.iter().map(|(key, value)| key.bytes().len() + value.len() + 5).sum::<usize>() + 5
}

/// Leaves one entry of each key.
pub(super) fn settle(entries: &mut Vec<Entry>, bytes: &[u8]) {
    if may_repeat(entries.iter().map(|entry| entry.key.of(bytes).1)) {
        last_value_wins(entries, |a, b| a.key.of(bytes).cmp(&b.key.of(bytes)));
    }
}
