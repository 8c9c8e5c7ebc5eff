//! Finds the top-level entries of a msgpack record.

use super::decode::{decode, utf8};
use super::scan::Head;
use crate::formats::codec::entries::{Entry, Key, Span, dedup};
use crate::formats::codec::input::Input;
use crate::formats::error::{DecodeError, DecodeKind::NotAMapping};

pub(in crate::formats::codec) fn index(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    let mut input = Input::new(bytes);
    let mut entries = match input.head()? {
        Head::Map(pairs) => collect(pairs, || entry(&mut input))?,
        Head::Array(pairs) => collect(pairs, || pair(&mut input))?,
        _ => return Err(not_a_map(bytes)),
    };
    input.end()?;
    dedup(&mut entries, bytes);
    Ok(entries)
}

/// Tells the kind of what is one whole value; anything else may be another format.
#[cold]
fn not_a_map(bytes: &[u8]) -> DecodeError {
    decode(bytes).map_or_else(|error| error, |value| DecodeError(NotAMapping(value.kind())))
}

fn collect(
    count: usize,
    mut entry: impl FnMut() -> Result<Entry, DecodeError>,
) -> Result<Vec<Entry>, DecodeError> {
    // The head has checked that as many values can follow; an entry takes more than that still.
    let mut entries = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        entries.push(entry()?);
    }
    Ok(entries)
}

/// One item of a list of pairs, which Python takes for a map.
fn pair(input: &mut Input<'_>) -> Result<Entry, DecodeError> {
    match input.head()? {
        Head::Array(2) => entry(input),
        _ => Err(DecodeError(NotAMapping("list"))),
    }
}

fn entry(input: &mut Input<'_>) -> Result<Entry, DecodeError> {
    let start = input.position();
    let key = match input.head()? {
        Head::Str(len) => {
            let start = input.position();
            let key = input.take(len)?;
            // Nearly all keys are, and that is known much sooner.
            if !key.is_ascii() {
                utf8(key)?;
            }
            Key::Text(Span::new(start..input.position())?)
        }
        head => {
            input.skip_rest(&head)?;
            Key::Other(Span::new(start..input.position())?)
        }
    };
    Ok(Entry { key, value: Span::new(input.skip()?)? })
}
