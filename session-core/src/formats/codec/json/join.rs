//! Puts a JSON map together from parts.

use std::ops::Range;

use super::tag::{ESCAPE, is_tag};
use super::{Dialect, text};
use crate::formats::codec::entries::RawKey;

/// Calls `placed` with the place of each key, without its quotes, and that of its value.
pub(in crate::formats::codec) fn join(
    out: &mut Vec<u8>,
    entries: &[(RawKey<'_>, &[u8])],
    placed: impl FnMut(Range<usize>, Range<usize>),
) {
    write(out, entries.iter(), Dialect::Record, placed);
}

pub(in crate::formats::codec) fn join_tagged(out: &mut Vec<u8>, entries: &[(RawKey<'_>, &[u8])]) {
    if let [(RawKey::Text(key), value)] = entries
        && is_tag(key)
    {
        let escaped = format!("{key}{ESCAPE}");
        out.extend_from_slice(b"{\" di\":");
        write(out, [(RawKey::Text(&escaped), *value)].iter(), Dialect::Tagged, |_, _| ());
        out.push(b'}');
    } else if entries.is_sorted_by_key(|(key, _)| *key) {
        write(out, entries.iter(), Dialect::Tagged, |_, _| ());
    } else {
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by_key(|(key, _)| *key);
        write(out, sorted.into_iter(), Dialect::Tagged, |_, _| ());
    }
}

fn write<'a>(
    out: &mut Vec<u8>,
    entries: impl Iterator<Item = &'a (RawKey<'a>, &'a [u8])>,
    dialect: Dialect,
    mut placed: impl FnMut(Range<usize>, Range<usize>),
) {
    out.push(b'{');
    for (position, (key, value)) in entries.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        let start = out.len();
        let key = match key {
            RawKey::Text(key) => {
                text::write(out, key, dialect);
                start + 1..out.len() - 1
            }
            RawKey::Other(raw) => {
                out.extend_from_slice(raw);
                start..out.len()
            }
        };
        out.push(b':');
        let start = out.len();
        out.extend_from_slice(value);
        placed(key, start..out.len());
    }
    out.push(b'}');
}
