//! Depth, length and digits: nothing that is stored can exhaust the stack or the memory.

use std::collections::BTreeMap;

use rocket_session_state_core::codec::{Format, Record};
use rocket_session_state_core::value::{MAX_DEPTH, Value, from_value, to_value};
use serde::{Deserialize, Serialize};

const FORMATS: [Format; 3] = [Format::Msgpack, Format::Json, Format::TaggedJson];

/// The smallest stack that a request is likely to run on.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

fn nested_bytes(format: Format, levels: usize) -> Vec<u8> {
    match format {
        Format::Msgpack => [vec![0x91; levels], vec![0xc0]].concat(),
        _ => [vec![b'['; levels], b"null".to_vec(), vec![b']'; levels]].concat(),
    }
}

fn nested_value(levels: usize) -> Value {
    (0..levels).fold(Value::None, |inner, _| Value::Map(vec![(Value::Str("k".into()), inner)]))
}

#[test]
fn a_record_of_200000_levels_is_indexed_and_written_back() {
    on_a_small_stack(|| {
        for format in FORMATS {
            let deep = nested_bytes(format, 200_000);
            let one = format.encode(&Value::Int(1)).unwrap();
            let entries = [("a", deep.as_slice()), ("b", &one)];
            let entries =
                entries.map(|(key, value)| (rocket_session_state_core::codec::RawKey::Text(key), value));
            let bytes = format.join(&entries);
            let record = Record::parse(format, bytes.clone().into()).unwrap();
            assert_eq!(record.get("b"), Some(one.as_slice()));
            assert_eq!(format.join(&record.entries().collect::<Vec<_>>()), bytes);
            assert!(format.decode(record.get("a").unwrap()).is_err(), "too deep to decode");
        }
    });
}

#[test]
fn values_are_read_and_written_up_to_the_documented_depth() {
    on_a_small_stack(|| {
        for format in FORMATS {
            assert!(format.decode(&nested_bytes(format, MAX_DEPTH)).is_ok());
            assert!(format.decode(&nested_bytes(format, MAX_DEPTH + 1)).is_err());
            let deepest = nested_value(MAX_DEPTH);
            assert_eq!(format.decode(&format.encode(&deepest).unwrap()), Ok(deepest));
            assert!(format.encode(&nested_value(MAX_DEPTH + 1)).is_err());
        }
        let deepest = nested_value(MAX_DEPTH);
        assert_eq!(to_value(&deepest), Ok(deepest.clone()));
        assert_eq!(from_value(deepest.clone()), Ok(deepest));
        assert!(to_value(&nested_value(MAX_DEPTH + 1)).is_err());
        assert!(from_value::<Value>(nested_value(MAX_DEPTH + 1)).is_err());
    });
}

#[test]
fn tags_count_as_levels_so_that_what_a_cookie_holds_can_be_read() {
    let lists = |levels, leaf| (0..levels).fold(leaf, |inner, _| Value::List(vec![inner]));
    let tuples = |levels| (0..levels).fold(Value::None, |inner, _| Value::Tuple(vec![inner]));
    let escaped =
        |levels| (0..levels).fold(Value::None, |inner, _| Value::Map(vec![(Value::Str(" t".into()), inner)]));
    let bytes = Value::Bytes(vec![1]);
    let date = Value::DateTime("2024-01-02T03:04:05Z".parse().unwrap());
    for (deepest, too_deep) in [
        (lists(MAX_DEPTH - 1, bytes.clone()), lists(MAX_DEPTH, bytes)),
        (lists(MAX_DEPTH - 1, date.clone()), lists(MAX_DEPTH, date)),
        (tuples(MAX_DEPTH / 2), tuples(MAX_DEPTH / 2 + 1)),
        (escaped(MAX_DEPTH / 2), escaped(MAX_DEPTH / 2 + 1)),
    ] {
        let cookie = Format::TaggedJson.encode(&deepest).unwrap();
        assert_eq!(Format::TaggedJson.decode(&cookie), Ok(deepest));
        assert!(Format::TaggedJson.encode(&too_deep).is_err());
    }
}

/// A type whose own code needs a good deal of stack at each level.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Folder {
    name: String,
    sizes: (u64, u64, u64, u64, u64, u64, u64, u64),
    labels: BTreeMap<String, String>,
    inner: Vec<Folder>,
}

#[derive(Serialize, Deserialize)]
struct Link(Option<Box<Link>>);

#[test]
fn recursive_types_end_in_an_error_instead_of_the_stack() {
    on_a_small_stack(|| {
        let folders = |levels| {
            (0..levels).fold(Folder::default(), |inner, _| Folder { inner: vec![inner], ..Folder::default() })
        };
        let deepest = to_value(&folders(MAX_DEPTH / 2 - 1)).unwrap();
        assert!(from_value::<Folder>(deepest).is_ok());
        assert!(to_value(&folders(MAX_DEPTH)).is_err());
        let chain = (0..10_000).fold(Link(None), |link, _| Link(Some(Box::new(link))));
        assert!(to_value(&chain).is_err());
        // It would never come to an end: each link reads the same value again.
        assert!(from_value::<Link>(Value::Bool(true)).is_err());
    });
}

#[test]
fn a_length_beyond_the_end_is_refused_without_allocating_for_it() {
    for bytes in [
        &b"\xdf\xff\xff\xff\xff\xa1a\x01"[..],
        b"\xdd\xff\xff\xff\xff\x92\xa1a\x01",
        b"\x81\xdb\xff\xff\xff\xffa",
        b"\x81\xa1a\xdb\xff\xff\xff\xffx",
        b"\x81\xa1a\xc6\xff\xff\xff\xffx",
        b"\x81\xa1a\xc9\xff\xff\xff\xff\x05x",
        b"\x81\xa1a\xdd\xff\xff\xff\xff\x01",
        b"\x81\xa1a\x92\x92\x92\x01",
        b"\x82\xa1a\x01",
    ] {
        assert!(Record::parse(Format::Msgpack, bytes.into()).is_err(), "{bytes:x?}");
        assert!(Format::Msgpack.decode(bytes).is_err(), "{bytes:x?}");
    }
}

#[test]
fn integers_end_where_python_ends() {
    for format in [Format::Json, Format::TaggedJson] {
        let longest = "9".repeat(4300);
        assert_eq!(format.decode(longest.as_bytes()), Ok(Value::BigInt(longest.clone())));
        assert_eq!(format.encode(&Value::BigInt(format!("-{longest}"))).unwrap().len(), 4301);
        assert!(format.decode("9".repeat(4301).as_bytes()).is_err());
        assert!(format.encode(&Value::BigInt("9".repeat(4301))).is_err());
    }
    assert!(Format::Msgpack.encode(&Value::Int(u64::MAX.into())).is_ok());
    assert!(Format::Msgpack.encode(&Value::Int(i128::from(u64::MAX) + 1)).is_err());
    assert!(Format::Msgpack.encode(&Value::Int(i64::MIN.into())).is_ok());
    assert!(Format::Msgpack.encode(&Value::Int(i128::from(i64::MIN) - 1)).is_err());
}

#[test]
fn nothing_but_digits_gets_into_a_record_as_an_integer() {
    for text in ["", "-", "1,\"admin\":true", "0x1", "01", "+1", "1e5", "--1", "１"] {
        for format in [Format::Json, Format::TaggedJson] {
            assert!(format.encode(&Value::BigInt(text.into())).is_err(), "{text}");
            let key = Value::Map(vec![(Value::BigInt(text.into()), Value::None)]);
            assert!(format.encode(&key).is_err(), "{text} as a key");
        }
    }
}
