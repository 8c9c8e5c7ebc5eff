//! Finds the top-level entries of a msgpack record.

use std::ops::Range;

use super::decode::utf8;
use super::scan::{Head, Scanner};
use crate::formats::codec::entries::{Entry, Key, Span, dedup};
use crate::formats::error::{DecodeError, DecodeKind::NotAMapping};

pub(in crate::formats::codec) fn index(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let mut scanner = Scanner::new(bytes);
    let mut entries = match scanner.head()? {
        Head::Map(pairs) => collect(pairs, || entry(&mut scanner))?,
        Head::Array(pairs) => collect(pairs, || pair(&mut scanner))?,
        other => {
            // Whole and nothing else? If not, it may be another format.
            let mut scanner = Scanner::new(bytes);
            scanner.skip()?;
            scanner.end()?;
            return Err(DecodeError(NotAMapping(other.kind())));
        }
    };
    scanner.end()?;
    dedup(&mut entries, bytes);
    Ok(entries)
}

fn collect(
    count: usize,
    mut entry: impl FnMut() -> Result<Entry, DecodeError>,
) -> Result<Vec<Entry>, DecodeError> {
    // The scanner has checked that as many values can follow; an entry takes more than that still.
    let mut entries = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        entries.push(entry()?);
    }
    Ok(entries)
}

/// One item of a list of pairs, which Python takes for a map.
fn pair(scanner: &mut Scanner<'_>) -> Result<Entry, DecodeError> {
    match scanner.head()? {
        Head::Array(2) => entry(scanner),
        _ => Err(DecodeError(NotAMapping("list"))),
    }
}

fn entry(scanner: &mut Scanner<'_>) -> Result<Entry, DecodeError> {
    let start = scanner.position();
    let key = match scanner.head()? {
        Head::Str(len) => {
            let start = scanner.position();
            let key = scanner.take(len)?;
            // Nearly all keys are, and that is known much sooner.
            if !key.is_ascii() {
                utf8(key)?;
            }
            Key::Text(Span::new(start..scanner.position())?)
        }
        head => {
            scanner.skip_rest(&head)?;
            Key::Other(Span::new(start..scanner.position())?)
        }
    };
    Ok(Entry { key, value: Span::new(skip(scanner)?)? })
}

fn skip(scanner: &mut Scanner<'_>) -> Result<Range<usize>, DecodeError> {
    let start = scanner.position();
    scanner.skip()?;
    Ok(start..scanner.position())
}
