//! Properties of arbitrary values and arbitrary bytes.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rocket_session_state_core::codec::{Format, Record};
use rocket_session_state_core::value::{DateTime, Value, from_value, to_value};

use crate::typed::to_typed;

/// Shows its value, which `Value`'s own `Debug` does not.
#[derive(Clone)]
struct Shown(Value);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", to_typed(&self.0))
    }
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Msgpack), Just(Format::Json), Just(Format::TaggedJson)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", any::<String>(), " (t|b|m|u|d|di|x)(__)?"]
}

fn integer(format: Format) -> BoxedStrategy<Value> {
    match format {
        Format::Msgpack => prop_oneof![any::<i8>().prop_map(i128::from), any::<i64>().prop_map(i128::from)]
            .prop_map(Value::Int)
            .boxed(),
        _ => prop_oneof![
            any::<i16>().prop_map(|number| Value::Int(number.into())),
            any::<i128>().prop_map(Value::Int),
            "-?[1-9][0-9]{40,60}".prop_map(Value::BigInt),
        ]
        .boxed(),
    }
}

fn datetime(format: Format) -> impl Strategy<Value = Value> {
    let nanoseconds = if format == Format::Msgpack { 0..1_000_000_000_u32 } else { 0..1 };
    (-62_000_000_000_i64..253_000_000_000, nanoseconds)
        .prop_map(|(seconds, nanoseconds)| Value::DateTime(DateTime::utc(seconds, nanoseconds).unwrap()))
}

/// Values that come back from `format` as they went in.
fn scalar(format: Format) -> BoxedStrategy<Value> {
    let float = if format == Format::Json {
        (proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO).boxed()
    } else {
        any::<f64>().prop_filter("NaNs differ", |number| !number.is_nan()).boxed()
    };
    let common = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        integer(format),
        float.prop_map(Value::Float),
        text().prop_map(Value::Str),
    ];
    let bytes = vec(any::<u8>(), 0..40).prop_map(Value::Bytes);
    match format {
        Format::Json => common.boxed(),
        Format::Msgpack => prop_oneof![
            4 => common,
            1 => bytes,
            1 => datetime(format),
            1 => (0..=i8::MAX, vec(any::<u8>(), 0..20)).prop_map(|(code, data)| Value::Ext { code, data }),
        ]
        .boxed(),
        _ => prop_oneof![
            4 => common,
            1 => bytes,
            // two digits of a year before 100 are read as a later one
            1 => datetime(format).prop_filter("years", |value| !to_typed(value).to_string().contains("\"00")),
            1 => any::<u128>().prop_map(|uuid| Value::Uuid(uuid::Uuid::from_u128(uuid))),
            1 => text().prop_map(Value::Markup),
        ]
        .boxed(),
    }
}

/// A map whose keys are unique and, in cookies, sorted.
fn map(format: Format, values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    proptest::collection::hash_map(text(), values, 0..5).prop_map(move |map| {
        let mut pairs: Vec<_> = map.into_iter().collect();
        if format == Format::TaggedJson {
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Value::Map(pairs.into_iter().map(|(key, value)| (Value::Str(key), value)).collect())
    })
}

fn value(format: Format) -> impl Strategy<Value = Value> {
    scalar(format).prop_recursive(4, 40, 5, move |inner| {
        let tuple = vec(inner.clone(), 0..4).prop_map(move |items| match format {
            Format::TaggedJson => Value::Tuple(items),
            _ => Value::List(items),
        });
        prop_oneof![vec(inner.clone(), 0..5).prop_map(Value::List), tuple, map(format, inner)]
    })
}

fn session() -> impl Strategy<Value = (Format, Shown)> {
    format().prop_flat_map(|format| (Just(format), map(format, value(format)).prop_map(Shown)))
}

/// A record of which some bytes were replaced, removed or doubled.
fn damaged() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let damage = vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4);
    (session(), damage).prop_map(|((format, session), damage)| {
        let mut bytes = format.encode(&session.0).unwrap();
        for (index, byte, kind) in damage {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        (format, bytes)
    })
}

/// Reads all that can be read of `bytes`.
fn survives(format: Format, bytes: &[u8]) {
    let decoded = format.decode(bytes);
    if let Ok(value) = &decoded {
        let _ = format.encode(value);
        let _ = from_value::<Vec<(String, u8)>>(value.clone());
    }
    let _ = Record::read(format, Bytes::copy_from_slice(bytes));
    if let Ok(record) = Record::parse(format, Bytes::copy_from_slice(bytes)) {
        let entries: Vec<_> = record.entries().collect();
        for (_, value) in &entries {
            let _ = format.decode(value);
        }
        let again = Record::parse(format, format.join(&entries).into()).unwrap();
        let joined = Record::join(format, &entries).unwrap();
        assert_eq!(joined.bytes(), again.bytes());
        assert!(joined.entries().eq(again.entries()), "indexed otherwise than by reading it");
        assert!(again.entries().eq(record.entries()) || format == Format::TaggedJson);
        assert_eq!(again.len(), record.len());
    }
}

proptest! {
    #[test]
    fn a_session_reads_back_as_it_was_written((format, session) in session()) {
        let bytes = format.encode(&session.0).unwrap();
        let back = format.decode(&bytes).unwrap();
        prop_assert_eq!(to_typed(&back), to_typed(&session.0), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn joining_the_entries_of_a_record_gives_the_record((format, session) in session()) {
        let bytes = format.encode(&session.0).unwrap();
        let record = Record::parse(format, bytes.clone().into()).unwrap();
        let entries: Vec<_> = record.entries().collect();
        prop_assert_eq!(&format.join(&entries), &bytes);
        let joined = Record::join(format, &entries).unwrap();
        prop_assert_eq!(joined.bytes(), &bytes);
        prop_assert!(joined.entries().eq(entries));
    }

    #[test]
    fn a_record_finds_what_decoding_it_finds((format, session) in session()) {
        let record = Record::parse(format, format.encode(&session.0).unwrap().into()).unwrap();
        let Value::Map(pairs) = &session.0 else { unreachable!() };
        prop_assert_eq!(record.len(), pairs.len());
        for (key, value) in pairs {
            let Value::Str(key) = key else { unreachable!() };
            let found = format.decode(record.get(key).unwrap()).unwrap();
            prop_assert_eq!(to_typed(&found), to_typed(value));
        }
    }

    #[test]
    fn every_value_passes_through_serde((_, session) in session()) {
        let back: Value = from_value(to_value(&session.0).unwrap()).unwrap();
        prop_assert_eq!(to_typed(&back), to_typed(&session.0));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(format in format(), bytes in vec(any::<u8>(), 0..200)) {
        survives(format, &bytes);
    }

    #[test]
    fn json_like_texts_do_no_harm(format in format(), text in r#"[\[\]{}:, "\\ut0-9a-f\-+.eE]{0,60}"#) {
        survives(format, text.as_bytes());
    }

    #[test]
    fn damaged_records_do_no_harm((format, bytes) in damaged()) {
        survives(format, &bytes);
    }

    #[test]
    fn dates_read_back_from_their_text(
        seconds in -62_000_000_000_i64..253_000_000_000,
        nanoseconds in 0..1_000_000_000_u32,
        offset in -86_399..86_400,
    ) {
        let aware = DateTime::with_offset(seconds, nanoseconds, offset).unwrap();
        prop_assert_eq!(aware.to_string().parse(), Ok(aware));
        let naive = DateTime::naive(seconds, nanoseconds).unwrap();
        prop_assert_eq!(naive.to_string().parse(), Ok(naive));
    }
}
