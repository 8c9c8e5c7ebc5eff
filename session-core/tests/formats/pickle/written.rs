//! Records in pickle, as they are written and written again.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rocket_session_state_core::codec::{Format, RawKey, Record, pickle};
use rocket_session_state_core::value::{DateTime, MAX_DEPTH, Value, to_value};
use serde_json::json;

use crate::typed::to_typed;
use crate::vectors::load;

/// Shows its value, which `Value`'s own `Debug` does not.
#[derive(Clone)]
struct Shown(Value);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", to_typed(&self.0))
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", any::<String>(), "x{255,257}"]
}

fn time() -> impl Strategy<Value = Value> {
    let seconds = -62_000_000_000_i64..253_000_000_000;
    (seconds, 0..1_000_000_u32, prop::option::of(-86_399..86_400)).prop_map(|(seconds, micros, offset)| {
        Value::DateTime(
            match offset {
                None => DateTime::naive(seconds, micros * 1000),
                Some(offset) => DateTime::with_offset(seconds, micros * 1000, offset),
            }
            .unwrap(),
        )
    })
}

fn key() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => text().prop_map(Value::Str),
        1 => any::<i64>().prop_map(|number| Value::Int(number.into())),
        1 => vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
        1 => (any::<i8>(), text()).prop_map(|(n, text)| Value::Tuple(vec![Value::Int(n.into()), Value::Str(text)])),
        1 => any::<u128>().prop_map(|uuid| Value::Uuid(uuid::Uuid::from_u128(uuid))),
        1 => time(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i16>().prop_map(|number| Value::Int(number.into())),
        (any::<i128>(), 0..128_u32).prop_map(|(number, shift)| Value::Int(number >> shift)),
        "-?[1-9][0-9]{40,300}".prop_map(Value::BigInt),
        any::<f64>().prop_map(Value::Float),
        text().prop_map(Value::Str),
        vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<u128>().prop_map(|uuid| Value::Uuid(uuid::Uuid::from_u128(uuid))),
        text().prop_map(Value::Markup),
        time(),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::List),
            vec(inner.clone(), 0..5).prop_map(Value::Tuple),
            vec((key(), inner), 0..5).prop_map(map),
        ]
    })
}

/// A map of which each key occurs once.
fn map(pairs: Vec<(Value, Value)>) -> Value {
    let mut unique: Vec<(Value, Value)> = Vec::new();
    for (key, value) in pairs {
        if unique.iter().all(|(other, _)| *other != key) {
            unique.push((key, value));
        }
    }
    Value::Map(unique)
}

/// A whole pickle of one value.
fn whole(value: &Value) -> Vec<u8> {
    [b"\x80\x05", Format::Pickle.encode(value).unwrap().as_slice(), b"."].concat()
}

fn record(pickle: &[u8]) -> Record {
    Record::parse(Format::Pickle, Bytes::copy_from_slice(pickle)).unwrap()
}

fn joined(record: &Record) -> Vec<u8> {
    Format::Pickle.join(&record.entries().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn a_value_reads_back_as_it_was_written(value in value().prop_map(Shown)) {
        let encoded = Format::Pickle.encode(&value.0).unwrap();
        let shown = to_typed(&value.0);
        prop_assert_eq!(to_typed(&Format::Pickle.decode(&encoded).unwrap()), shown.clone());
        prop_assert_eq!(to_typed(&pickle::decode(&whole(&value.0)).unwrap()), shown);
    }

    #[test]
    fn a_record_is_indexed_without_being_written_anew(pairs in vec((key(), value()), 0..6)) {
        let map = map(pairs);
        let pickle = whole(&map);
        let record = record(&pickle);
        prop_assert_eq!(to_typed(&load(&record).unwrap()), to_typed(&map));
        prop_assert_eq!(joined(&record), pickle);
    }
}

#[test]
fn only_the_value_that_was_changed_is_other_bytes() {
    // pickle.dumps({"_permanent": True, "t": (1, 2.0), "n": 1, "s": {b"x"}}, 5)
    let stored = b"\x80\x05\x956\0\0\0\0\0\0\0}\x94(\x8c\n_permanent\x94\x88\x8c\x01t\x94K\x01G@\0\0\0\0\0\0\0\x86\x94\
                   \x8c\x01n\x94K\x01\x8c\x01s\x94\x8f\x94(C\x01x\x94\x90u.";
    let record = record(stored);
    let two = Format::Pickle.encode(&Value::Int(2)).unwrap();
    let entries: Vec<_> = record
        .entries()
        .map(|(key, raw)| (key, if key == RawKey::Text("n") { two.as_slice() } else { raw }))
        .collect();
    assert_eq!(
        Format::Pickle.join(&entries).escape_ascii().to_string(),
        b"\x80\x05}(\x8c\n_permanent\x88\x8c\x01tK\x01G@\0\0\0\0\0\0\0\x86\x94\
          \x8c\x01nK\x02\x8c\x01s\x8f\x94(C\x01x\x94\x90u."
            .escape_ascii()
            .to_string()
    );
}

#[test]
fn a_value_that_refers_to_another_becomes_one_of_its_own_and_keeps_its_type() {
    // x = ("a",); pickle.dumps({"one": x, "two": x, "set": {"a"}, "frozen": frozenset({"a"}), "array": bytearray(b"a")}, 5)
    let stored = b"\x80\x05}\x94(\x8c\x03one\x94\x8c\x01a\x94\x85\x94\x8c\x03two\x94h\x03\x8c\x03set\x94\x8f\x94(h\x02\x90\
                   \x8c\x06frozen\x94(h\x02\x91\x94\x8c\x05array\x94\x96\x01\0\0\0\0\0\0\0a\x94u.";
    let record = record(stored);
    let raw = |key| record.get(key).unwrap().escape_ascii().to_string();
    assert_eq!(raw("one"), r"(\x8c\x01at");
    assert_eq!(raw("two"), raw("one"));
    assert_eq!(raw("set"), r"\x8f(\x8c\x01a\x90");
    assert_eq!(raw("frozen"), r"(\x8c\x01a\x91");
    assert_eq!(raw("array"), r"\x96\x01\x00\x00\x00\x00\x00\x00\x00a");
    let again = Record::parse(Format::Pickle, joined(&record).into()).unwrap();
    assert!(again.entries().eq(record.entries()));
    assert_eq!(to_typed(&load(&again).unwrap()), to_typed(&pickle::decode(stored).unwrap()));
}

#[test]
fn what_python_wrote_in_several_frames_is_read_and_written_without() {
    let long = "x".repeat(70_000);
    let text = [b"X\x70\x11\x01\0", long.as_bytes()].concat();
    let stored = [
        b"\x80\x04\x95\x07\0\0\0\0\0\0\0}\x94(\x8c\x01a",
        &text[..],
        b"\x95\x06\0\0\0\0\0\0\0\x8c\x01bK\x01u.",
    ]
    .concat();
    let record = record(&stored);
    assert_eq!(record.get("b"), Some(&b"K\x01"[..]));
    assert_eq!(record.get("a"), Some(text.as_slice()));
    assert!(!joined(&record).contains(&0x95));
}

#[test]
fn a_value_that_is_too_deep_to_be_read_is_kept_as_it_is() {
    let deep = [vec![b']'; MAX_DEPTH + 1], vec![b'a'; MAX_DEPTH]].concat();
    let stored = [b"\x80\x05}(\x8c\x04deep", deep.as_slice(), b"\x8c\x01nK\x01u."].concat();
    let record = record(&stored);
    assert!(Format::Pickle.decode(record.get("deep").unwrap()).is_err());
    assert_eq!(joined(&record), stored);
    // also beside something for which Python needs a class
    let time = Format::Pickle.encode(&Value::DateTime(DateTime::utc(0, 0).unwrap())).unwrap();
    let mut entries: Vec<_> = record.entries().collect();
    entries.push((RawKey::Text("at"), &time));
    let again = Record::parse(Format::Pickle, Format::Pickle.join(&entries).into()).unwrap();
    assert_eq!(again.len(), 3);
}

#[test]
fn keys_of_any_type_and_keys_that_occur_twice_are_pythons() {
    let record = record(b"\x80\x05}(\x8c\x01aK\x01K\x07K\x02X\x01\0\0\0aK\x03Va\nK\x04u.");
    let entries: Vec<_> = record.entries().collect();
    assert_eq!(entries, [(RawKey::Text("a"), &b"K\x04"[..]), (RawKey::Other(b"K\x07"), b"K\x02")]);
    assert_eq!(record.get("a"), Some(&b"K\x04"[..]));
}

#[test]
fn a_missing_record_is_none_and_what_is_no_record_is_an_error() {
    let read = |bytes: &'static [u8]| Record::read(Format::Pickle, bytes.into());
    assert!(read(b"\x80\x05N.").unwrap().is_none());
    assert_eq!(read(b"\x80\x05}.").unwrap().unwrap().len(), 0);
    for (bytes, reason) in [
        (&b""[..], "ends within"),
        (b"garbage", "ends within"),
        (b"\x80\x05}", "ends within"),
        (b"\x80\x05]K\x01a.", "a session is a map, found: list"),
        (b"\x80\x05}(\x8c\x01au.", "a value for each key"),
        (b"\x80\x05}\x8c\x01acdecimal\nDecimal\ns.", "`decimal.Decimal`"),
        (b"{\"json\":1}", "opcode"),
    ] {
        let error = rocket_session_state_core::Chain(&read(bytes).unwrap_err()).to_string();
        assert!(error.contains(reason), "{}: {error}", bytes.escape_ascii());
    }
}

#[test]
fn what_no_python_could_pickle_so_is_refused() {
    let map = |key| Value::Map(vec![(key, Value::None)]);
    let list = || Value::List(Vec::new());
    for value in [
        Value::Ext { code: 1, data: vec![] },
        map(list()),
        map(Value::Tuple(vec![list()])),
        Value::BigInt("no number".to_owned()),
        Value::BigInt(format!("1{}", "0".repeat(4300))),
        (0..=MAX_DEPTH).fold(Value::None, |inner, _| Value::List(vec![inner])),
    ] {
        assert!(Format::Pickle.encode(&value).is_err(), "{}", to_typed(&value));
    }
    let html = to_value(&rocket_session_state_core::value::Markup("<b>".to_owned())).unwrap();
    assert_eq!(to_typed(&html), json!({ "$markup": "<b>" }));
}
