//! Putting a JSON map together from parts.

use super::tag::{ESCAPE, is_tag};
use super::{Dialect, text};
use crate::codec::RawKey;

pub(in crate::codec) fn join(out: &mut Vec<u8>, entries: &[(RawKey<'_>, &[u8])]) {
    write(out, entries.iter(), Dialect::Record);
}

pub(in crate::codec) fn join_tagged(out: &mut Vec<u8>, entries: &[(RawKey<'_>, &[u8])]) {
    if let [(RawKey::Text(key), value)] = entries
        && is_tag(key)
    {
        let escaped = format!("{key}{ESCAPE}");
        out.extend_from_slice(b"{\" di\":");
        write(out, [(RawKey::Text(&escaped), *value)].iter(), Dialect::Tagged);
        out.push(b'}');
    } else if entries.is_sorted_by_key(|(key, _)| *key) {
        write(out, entries.iter(), Dialect::Tagged);
    } else {
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by_key(|(key, _)| *key);
        write(out, sorted.into_iter(), Dialect::Tagged);
    }
}

fn write<'a>(out: &mut Vec<u8>, entries: impl Iterator<Item = &'a (RawKey<'a>, &'a [u8])>, dialect: Dialect) {
    out.push(b'{');
    for (position, (key, value)) in entries.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        match key {
            RawKey::Text(key) => text::write(out, key, dialect),
            RawKey::Other(raw) => out.extend_from_slice(raw),
        }
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
}
