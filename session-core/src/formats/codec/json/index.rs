//! Finds the top-level entries of a JSON record or cookie.

use std::ops::Range;

use super::decode::decode;
use super::scan::{Scanner, Text};
use super::tag::{is_tag, unescape_key};
use super::{Dialect, text};
use crate::formats::codec::entries::{Entry, Key, Span, dedup};
use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{NotAMapping, NotUtf8, Tag};
use crate::formats::value::Value;

/// The number of keys that most sessions do not exceed: to let the index grow key by key was a tenth of making it.
const USUAL: usize = 32;

/// Bytes of a key with its value, at the least in most sessions. An index is kept with its record, so small records do
/// not get a large one.
const SHORT: usize = 32;

pub(in crate::formats::codec) fn index(bytes: &[u8], dialect: Dialect) -> Result<Vec<Entry>, DecodeError> {
    let text = str::from_utf8(bytes).map_err(|error| DecodeError(NotUtf8(error)))?;
    let mut scanner = Scanner::new(text, dialect);
    let mut entries = match scanner.peek() {
        Some(b'{') => map(&mut scanner)?,
        Some(b'[') => list_of_pairs(&mut scanner)?,
        _ => return not_a_map(bytes, dialect),
    };
    scanner.end()?;
    dedup(&mut entries, bytes);
    if dialect == Dialect::Tagged
        && let [Entry { key, value }] = entries.as_slice()
        && let Some(tag) = key.as_text(bytes).filter(|key| is_tag(key))
    {
        if tag != " di" {
            return Err(DecodeError(NotAMapping("tagged value")));
        }
        return escaped_map(scanner.at(value.start()), bytes);
    }
    Ok(entries)
}

/// Tells the kind of what is one whole value; anything else may be another format.
#[cold]
fn not_a_map(bytes: &[u8], dialect: Dialect) -> Result<Vec<Entry>, DecodeError> {
    match decode(bytes, dialect)? {
        Value::None if dialect == Dialect::Tagged => Ok(Vec::new()),
        other => Err(DecodeError(NotAMapping(other.kind()))),
    }
}

/// The entry in the escaped map of a session with one key that looks like a tag.
fn escaped_map(mut scanner: Scanner<'_>, bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let wrong = || DecodeError(Tag(" di"));
    let mut entries = map(&mut scanner)?;
    dedup(&mut entries, bytes);
    let tagged = matches!(entries.as_slice(), [only] if only.key.as_text(bytes).is_some_and(is_tag));
    let Entry { key, value } = entries.into_iter().next().filter(|_| !tagged).ok_or_else(wrong)?;
    let key = Key::Escaped(unescape_key(key.as_text(bytes).ok_or_else(wrong)?).into());
    Ok(vec![Entry { key, value }])
}

fn map(scanner: &mut Scanner<'_>) -> Result<Vec<Entry>, DecodeError> {
    scanner.expect(b'{', "a map")?;
    if scanner.take(b'}') {
        return Ok(Vec::new());
    }
    let mut entries = Vec::with_capacity((scanner.length() / SHORT).clamp(1, USUAL));
    loop {
        entry(scanner, b':', &mut entries)?;
        if !scanner.another(b'}')? {
            return Ok(entries);
        }
    }
}

/// Indexes a list of pairs, which Python takes for a map too.
fn list_of_pairs(scanner: &mut Scanner<'_>) -> Result<Vec<Entry>, DecodeError> {
    let no_map = |_| DecodeError(NotAMapping("list"));
    let mut entries = Vec::new();
    let mut more = scanner.opened(b'[', b']', "a list")?;
    while more {
        scanner.expect(b'[', "a pair").map_err(no_map)?;
        entry(scanner, b',', &mut entries).map_err(no_map)?;
        scanner.expect(b']', "the end of a pair").map_err(no_map)?;
        more = scanner.another(b']')?;
    }
    Ok(entries)
}

fn entry(scanner: &mut Scanner<'_>, separator: u8, entries: &mut Vec<Entry>) -> Result<(), DecodeError> {
    let (key, escaped) = scanner.pass_text()?;
    let key = if escaped { escaped_key(scanner, key)? } else { Key::Text(Span::new(key)?) };
    scanner.expect(separator, "a colon")?;
    entries.push(Entry { key, value: Span::new(scanner.skip()?)? });
    Ok(())
}

fn escaped_key(scanner: &Scanner<'_>, place: Range<usize>) -> Result<Key, DecodeError> {
    match text::read(Text { raw: scanner.part(place.clone()), escaped: true }) {
        Ok(text) => Ok(Key::Escaped(text.into())),
        Err(error) if scanner.dialect == Dialect::Record => Err(error),
        // Python has texts that `str` has not. With the quotes:
        Err(_) => Ok(Key::Other(Span::new(place.start - 1..place.end + 1)?)),
    }
}
