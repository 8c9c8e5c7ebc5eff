//! The spelling of numbers and dates for which the vectors have no case.

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::value::Value;

fn written(format: Format, value: Value) -> String {
    String::from_utf8(format.encode(&value).unwrap()).unwrap()
}

#[test]
fn floats_change_to_exponents_where_each_library_does() {
    for (number, record, cookie) in [
        (9_999_999_999_999_998.0, "9999999999999998.0", "9999999999999998.0"),
        (1e16, "1e16", "1e+16"),
        (-1.5e16, "-1.5e16", "-1.5e+16"),
        (0.000_123, "0.000123", "0.000123"),
        (0.000_099, "0.000099", "9.9e-05"),
        (0.000_009_9, "9.9e-6", "9.9e-06"),
        (1e100, "1e100", "1e+100"),
        (-5e-324, "-5e-324", "-5e-324"),
    ] {
        assert_eq!(written(Format::Json, Value::Float(number)), record);
        assert_eq!(written(Format::TaggedJson, Value::Float(number)), cookie);
    }
}

#[test]
fn of_two_equally_short_and_near_floats_the_even_one_is_written() {
    // a quarter is exactly between .2 and .3; what Python and msgspec write
    let cookie = 837_619_652_410_615.0 + 0.25;
    assert_eq!(written(Format::TaggedJson, Value::Float(cookie)), "837619652410615.2");
    let record = -2_239_862_550_415_315.0 - 0.25;
    assert_eq!(written(Format::Json, Value::Float(record)), "-2239862550415315.2");
}

#[test]
fn offsets_in_records_have_whole_minutes_and_the_same_clock() {
    for (time, record) in [
        ("2024-01-02T03:04:05+03:00:15", "2024-01-02T03:04:05+03:00"),
        ("2024-01-02T03:04:05+03:17:30", "2024-01-02T03:04:05+03:17"),
        ("2024-01-02T03:04:05-03:00:40", "2024-01-02T03:04:05-03:01"),
        ("2024-01-02T03:04:05+00:00:15", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.123456789-03:30", "2024-01-02T03:04:05.123456-03:30"),
    ] {
        let value = Value::DateTime(time.parse().unwrap());
        assert_eq!(written(Format::Json, value), format!("\"{record}\""));
    }
}

#[test]
fn keys_are_spelled_as_each_library_spells_them() {
    let map = |key: Value| Value::Map(vec![(key, Value::None)]);
    for (key, record, cookie) in [
        (Value::Float(1e16), "1e16", "1e+16"),
        (Value::Float(f64::NAN), "nan", "NaN"),
        (Value::Float(f64::NEG_INFINITY), "-inf", "-Infinity"),
        (Value::Int(-5), "-5", "-5"),
    ] {
        assert_eq!(written(Format::Json, map(key.clone())), format!("{{\"{record}\":null}}"));
        assert_eq!(written(Format::TaggedJson, map(key)), format!("{{\"{cookie}\":null}}"));
    }
    assert_eq!(written(Format::TaggedJson, map(Value::Bool(true))), r#"{"true":null}"#);
    assert!(Format::Json.encode(&map(Value::Bool(true))).is_err());
    assert!(Format::TaggedJson.encode(&map(Value::Bytes(vec![1]))).is_err());
    for format in [Format::Msgpack, Format::Json, Format::TaggedJson] {
        assert!(format.encode(&map(map(Value::None))).is_err(), "{format}: a map is no key");
    }
}

#[test]
fn a_cookie_cannot_hold_keys_that_python_cannot_sort() {
    let keys = [Value::Str("a".into()), Value::Int(1)];
    let map = Value::Map(keys.into_iter().map(|key| (key, Value::None)).collect());
    assert!(Format::TaggedJson.encode(&map).is_err());
    assert!(Format::Json.encode(&map).is_ok());
}
