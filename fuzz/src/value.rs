//! Properties of a value that was decoded.

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::value::{DateTime, MAX_DEPTH, Value, from_value, to_value};

use crate::{FORMATS, typed};

/// Writes a value in every format, and reads it back and into Rust's types. What `own` format gave, it
/// has to give again.
pub fn check_value(own: Option<Format>, value: &Value) {
    let depth = depth(value);
    assert!(depth <= MAX_DEPTH, "deeper than documented");
    for format in FORMATS {
        let Ok(bytes) = format.encode(value) else {
            assert!(own != Some(format), "a format can't write what it read");
            continue;
        };
        let back = format.decode(&bytes).expect("a format reads what it writes");
        if own == Some(format) && !has_date_of_two_digits(value) {
            assert!(same(&back, value), "it reads something else than it wrote");
            assert_eq!(format.encode(&back).as_ref(), Ok(&bytes), "it writes something else than it read");
        }
    }
    match to_value(value).map(from_value) {
        Ok(back) => assert!(back.is_ok_and(|back| same(&back, value)), "serde changed the value"),
        // An extension is a tuple to serde and so takes one level more.
        Err(_) => assert_eq!(depth, MAX_DEPTH, "serde lost the value"),
    }
    typed::check(value);
}

/// Equality in which NaN equals NaN and the order of text keys does not count: cookies sort them.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let pairs = by_key(a).into_iter().zip(by_key(b));
            a.len() == b.len() && pairs.into_iter().all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        // A cookie keeps the instant, not the zone.
        (Value::DateTime(a), Value::DateTime(b)) => {
            (a.unix_seconds(), a.nanoseconds()) == (b.unix_seconds(), b.nanoseconds())
        }
        _ => a == b,
    }
}

fn by_key(pairs: &[(Value, Value)]) -> Vec<&(Value, Value)> {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_by_key(|(key, _)| match key {
        Value::Str(text) => Some(text),
        _ => None,
    });
    sorted
}

pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) | Value::Tuple(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(pairs) => {
            1 + pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Years before 100 in a cookie, where they are written with leading zeros and read as Python reads
/// them: as years of this century or the last.
fn has_date_of_two_digits(value: &Value) -> bool {
    let year_100 = "0100-01-01T00:00:00Z".parse().map_or(0, DateTime::unix_seconds);
    match value {
        Value::DateTime(time) => time.unix_seconds() < year_100,
        Value::List(items) | Value::Tuple(items) => items.iter().any(has_date_of_two_digits),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| has_date_of_two_digits(value)),
        _ => false,
    }
}
