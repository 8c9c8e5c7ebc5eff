//! A stored map whose values stay encoded until somebody asks for one.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bytes::Bytes;

use super::entries::{Entry, RawKey, joined_size};
use super::{json, msgpack};
#[cfg(feature = "pickle")]
use super::{legacy::read as read_pickle, pickle};
use crate::formats::error::DecodeError;
#[cfg(not(feature = "pickle"))]
use crate::formats::error::DecodeKind::PickleNotRead;
use crate::formats::error::DecodeKind::{NotAMapping, TooLong, Unreadable};
use crate::formats::format::Format;

/// A session as it was stored: its bytes and the place of each top-level value in them.
///
/// Parsing scans without decoding: it allocates the index and little else, does not recurse, and works
/// for values that are nested deeper than [`Format::decode`] reads.
pub struct Record {
    format: Format,
    bytes: Bytes,
    entries: Vec<Entry>,
    /// Lookups so far, in a record of many keys.
    lookups: AtomicU32,
    /// The positions of the entries in the order of their keys, once that has been worth sorting.
    sorted: OnceLock<Box<[usize]>>,
}

/// In records of up to so many keys, one is searched from the first to the last.
const MANY: usize = 64;
/// Lookups in a record of many keys that take less than sorting them: most requests ask for a few.
const OFTEN: u32 = 8;

impl Record {
    fn new(format: Format, bytes: Bytes, entries: Vec<Entry>) -> Self {
        Record { format, bytes, entries, lookups: AtomicU32::new(0), sorted: OnceLock::new() }
    }

    /// A record without entries.
    pub fn empty(format: Format) -> Self {
        Record::new(format, Bytes::new(), Vec::new())
    }

    /// Indexes the top-level map of `bytes`.
    ///
    /// As in Flask-Session, a list of pairs counts as a map, and of a key that occurs twice the last value
    /// counts, at the place of the first. In tagged JSON an escaped map is unescaped, and `null` is
    /// empty. A pickle in which one value refers to another becomes a record without references.
    ///
    /// # Errors
    ///
    /// The bytes are not of this format, or not a map.
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
    /// The entries are too long for a record.
    pub fn join(format: Format, parts: &[(RawKey<'_>, &[u8])]) -> Result<Record, DecodeError> {
        let mut bytes = Vec::with_capacity(joined_size(parts));
        let mut entries = Vec::with_capacity(parts.len());
        let mut keys = parts.iter().map(|(key, _)| key);
        let written =
            |key, value| entries.extend(keys.next().and_then(|raw| Entry::written(raw, key, value).ok()));
        match format {
            Format::Msgpack => msgpack::join(&mut bytes, parts, written),
            Format::Json => json::join(&mut bytes, parts, written),
            // A pickle's values are elsewhere once it has an end.
            #[cfg(feature = "pickle")]
            Format::Pickle => return Record::parse(format, format.join(parts).into()),
            // Sorted and escaped; and its record is not read again but sent away.
            Format::TaggedJson => return Record::parse(format, format.join(parts).into()),
        }
        if entries.len() < parts.len() {
            return Err(DecodeError(TooLong));
        }
        Ok(Record::new(format, bytes.into(), entries))
    }

    /// Reads the bytes that a store holds: in the configured format, else in the other one of records, else
    /// as a pickle of an older release (with the cargo feature `pickle`). `None` for what counts as
    /// missing: nothing, msgpack's nil, JSON's `null` and a pickled `None`. A cookie's format has no
    /// other, and neither have the pickles in files.
    ///
    /// A pickle becomes a record of the configured format, which is therefore what the next save writes;
    /// or of the other one if only that can hold all of it: JSON integers beyond 64 bits, msgpack
    /// top-level keys that are not text. Tuples and sets become lists, and in JSON bytes become text.
    ///
    /// # Errors
    ///
    /// The bytes are none of these, or not a map, or a pickle that can't be read (without that feature none
    /// can). The source is the error of the configured format, or tells what is wrong with the pickle.
    pub fn read(configured: Format, bytes: Bytes) -> Result<Option<Record>, DecodeError> {
        let other = match configured {
            Format::Msgpack => Format::Json,
            Format::Json => Format::Msgpack,
            Format::TaggedJson => return Record::parse(configured, bytes).map(Some),
            #[cfg(feature = "pickle")]
            Format::Pickle if pickle::is_none(&bytes) => return Ok(None),
            #[cfg(feature = "pickle")]
            Format::Pickle => {
                return Record::parse(configured, bytes).map(Some).map_err(DecodeError::unreadable_pickle);
            }
        };
        if bytes.is_empty() || *bytes == [msgpack::NIL] || bytes.trim_ascii() == b"null" {
            return Ok(None);
        }
        match Record::parse(configured, bytes.clone()) {
            Ok(record) => Ok(Some(record)),
            Err(error @ DecodeError(NotAMapping(_))) => Err(error),
            Err(error) => match Record::parse(other, bytes.clone()) {
                Ok(record) => Ok(Some(record)),
                Err(_) if is_pickle(&bytes) => read_pickle([configured, other], &bytes),
                Err(_) => Err(DecodeError(Unreadable(configured, error.into()))),
            },
        }
    }

    /// The same, converted to the configured format if that can hold all of it. The next save writes it so.
    pub(crate) fn read_as(configured: Format, bytes: Bytes) -> Result<Option<Record>, DecodeError> {
        match Record::read(configured, bytes) {
            Ok(Some(record)) if record.format() != configured => {
                Ok(Some(record.converted(configured).unwrap_or(record)))
            }
            as_it_is => as_it_is,
        }
    }

    /// The same record in another format. `None` if that can't hold all of it: a value, or a key that is not
    /// text.
    pub(crate) fn converted(&self, format: Format) -> Option<Record> {
        let encoded = self
            .entries()
            .map(|(key, raw)| Some((key.as_text()?, format.encode(&self.format.decode(raw).ok()?).ok()?)))
            .collect::<Option<Vec<_>>>()?;
        let parts: Vec<_> = encoded.iter().map(|(key, raw)| (RawKey::Text(key), raw.as_slice())).collect();
        Record::join(format, &parts).ok()
    }

    /// The format of the bytes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole record, as it is stored.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The encoded value of a text key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let key = (false, key.as_bytes());
        let entry = match self.entries.len() {
            ..=MANY => self.entries.iter().find(|entry| entry.key.sort_key(&self.bytes) == key)?,
            _ => self.find_among_many(key)?,
        };
        Some(entry.value.slice(&self.bytes))
    }

    #[cold]
    fn find_among_many(&self, key: (bool, &[u8])) -> Option<&Entry> {
        if self.lookups.fetch_add(1, Relaxed) < OFTEN {
            return self.entries.iter().find(|entry| entry.key.sort_key(&self.bytes) == key);
        }
        let key_at = |place: &usize| self.entries.get(*place).map(|entry| entry.key.sort_key(&self.bytes));
        let sorted = self.sorted.get_or_init(|| {
            let mut places: Box<[usize]> = (0..self.entries.len()).collect();
            places.sort_unstable_by_key(key_at);
            places
        });
        let found = sorted.binary_search_by_key(&Some(key), key_at).ok()?;
        self.entries.get(*sorted.get(found)?)
    }

    /// All keys with their encoded values, in their order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (RawKey<'_>, &[u8])> {
        self.entries.iter().map(|entry| {
            let key = match entry.key.sort_key(&self.bytes) {
                (false, text) => RawKey::Text(str::from_utf8(text).unwrap_or_default()), // UTF-8: checked by `index`
                (true, raw) => RawKey::Other(raw),
            };
            (key, entry.value.slice(&self.bytes))
        })
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether the record has no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Tells whether bytes that are neither msgpack nor JSON are a pickle of a map, as far as can be told without
/// reading it: by the header of protocols 2 to 5, or by the first opcodes of a dict and the last one of
/// every pickle. No msgpack map or JSON object looks like either.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..] | [b'(', b'd', .., b'.'] | [b'}', .., b'.'])
}

/// Refuses a pickle, and says how to read it.
#[cfg(not(feature = "pickle"))]
fn read_pickle(_formats: [Format; 2], _pickle: &[u8]) -> Result<Option<Record>, DecodeError> {
    Err(DecodeError(PickleNotRead))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::value::Value;

    #[test]
    fn among_many_keys_each_is_found_where_it_is_and_no_other_however_often_it_is_asked_for() {
        let keys: Vec<String> = (0..300).map(|number| format!("field_{number}")).collect();
        let values: Vec<Vec<u8>> =
            (0..300).map(|number| Format::Json.encode(&Value::Int(number)).unwrap()).collect();
        let parts: Vec<_> =
            keys.iter().zip(&values).map(|(key, value)| (RawKey::Text(key), value.as_slice())).collect();
        let record = Record::join(Format::Json, &parts).unwrap();
        for (key, value) in keys.iter().zip(&values) {
            assert_eq!(record.get(key), Some(value.as_slice()));
            assert_eq!(record.get("no field"), None);
        }
        assert!(record.sorted.get().is_some());
    }
}
