//! Properties of the bytes of a whole session.

use rocket_session_state_core::codec::{Format, RawKey, Record};
use rocket_session_state_core::value::Value;

use crate::value::{check_value, same};

/// Reads `bytes` in every way that the library reads a session, and compares what each of them found.
pub fn check_record(format: Format, bytes: &[u8]) {
    let whole = format.decode(bytes);
    if let Ok(value) = &whole {
        check_value(Some(format), value);
    }
    let read = Record::read(format, bytes.to_vec().into()).ok().flatten();
    if let Some(record) = &read {
        writes_back_what_it_holds(record);
    }
    let Ok(record) = Record::parse(format, bytes.to_vec().into()) else {
        // A map that was escaped twice, which Flask reads and never writes.
        let escaped_twice = format == Format::TaggedJson && bytes.starts_with(b"{");
        assert!(escaped_twice || !matches!(whole, Ok(Value::Map(_))), "a map without entries");
        return;
    };
    let read = read.expect("what parses can be read");
    assert!(read.format() == format && read.entries().eq(record.entries()), "read as something else");
    for (key, value) in record.entries() {
        if let RawKey::Text(key) = key {
            assert_eq!(record.get(key), Some(value), "a key was found elsewhere");
        }
        if whole.is_err()
            && let Ok(value) = format.decode(value)
        {
            check_value(Some(format), &value);
        }
    }
    if let Ok(Value::Map(pairs)) = &whole {
        holds_what_was_decoded(&record, pairs);
    }
}

fn writes_back_what_it_holds(record: &Record) {
    let mut entries: Vec<_> = record.entries().collect();
    let joined = record.format().join(&entries);
    let again = Record::parse(record.format(), joined.clone().into()).expect("what is joined can be parsed");
    if record.format() == Format::TaggedJson {
        entries.sort_by_key(|(key, _)| *key);
    }
    assert!(again.entries().eq(entries), "joining changed the entries");
    let entries: Vec<_> = again.entries().collect();
    assert_eq!(record.format().join(&entries), joined, "joining again changed the bytes");
}

fn holds_what_was_decoded(record: &Record, pairs: &[(Value, Value)]) {
    if record.entries().any(|(key, _)| key.as_text().is_none()) {
        return; // msgpack has several spellings of a number: two keys here, one key there
    }
    assert_eq!(record.len(), pairs.len());
    for ((key, bytes), (decoded_key, decoded)) in record.entries().zip(pairs) {
        assert!(matches!(decoded_key, Value::Str(text) if key == RawKey::Text(text)), "another key");
        let value = record.format().decode(bytes).expect("a part of what was decoded");
        assert!(same(&value, decoded), "another value");
    }
}
