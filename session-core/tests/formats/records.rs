//! Records that are indexed, not decoded.

use std::error::Error;

use bytes::Bytes;
use rocket_session_state_core::codec::{Format, RawKey, Record};
use rocket_session_state_core::value::Value;

fn parse(format: Format, bytes: impl Into<Bytes>) -> Record {
    Record::parse(format, bytes.into()).unwrap()
}

fn joined(record: &Record) -> String {
    let entries: Vec<_> = record.entries().collect();
    String::from_utf8(record.format().join(&entries)).unwrap()
}

#[test]
fn untouched_values_keep_their_spelling() {
    let json = "{ \"b\" : [ 1.0e0 ,\t\"\\u0041\" ] , \"a\":{\"x\": 1}\n}";
    let record = parse(Format::Json, json);
    assert_eq!(record.get("b"), Some(&b"[ 1.0e0 ,\t\"\\u0041\" ]"[..]));
    assert_eq!(joined(&record), "{\"b\":[ 1.0e0 ,\t\"\\u0041\" ],\"a\":{\"x\": 1}}");
    // 5 as an unsigned 64-bit integer, which no encoder would choose
    let wide = b"\x81\xa1n\xcf\0\0\0\0\0\0\0\x05";
    let record = parse(Format::Msgpack, &wide[..]);
    assert_eq!(Format::Msgpack.join(&record.entries().collect::<Vec<_>>()), wide);
}

#[test]
fn a_value_in_an_unknown_or_broken_form_does_not_hide_the_others() {
    // an unreadable timestamp and a text that is not UTF-8
    let record = parse(Format::Msgpack, &b"\x83\xa1t\xd5\xff\0\0\xa1s\xa1\xff\xa1n\x07"[..]);
    assert_eq!(Format::Msgpack.decode(record.get("n").unwrap()), Ok(Value::Int(7)));
    assert!(Format::Msgpack.decode(record.get("t").unwrap()).is_err());
    let error = Format::Msgpack.decode(record.get("s").unwrap()).unwrap_err();
    assert!(error.source().unwrap().is::<std::str::Utf8Error>());
}

#[test]
fn of_a_key_that_occurs_twice_the_last_value_counts_at_the_first_place() {
    let record = parse(Format::Json, r#"{"a":1,"b":2,"\u0061":3,"c":4,"a":5}"#);
    assert_eq!(joined(&record), r#"{"a":5,"b":2,"c":4}"#);
    assert_eq!(record.len(), 3);
}

#[test]
fn the_rule_for_keys_that_occur_twice_holds_for_large_maps() {
    let entry = |n: usize| format!("\"k{}\":{n}", n % 400);
    let json = format!("{{{}}}", (0..1000).map(entry).collect::<Vec<_>>().join(","));
    let record = parse(Format::Json, json.clone());
    let expected: Vec<String> =
        (0..400).map(|k| format!("\"k{k}\":{}", if k < 200 { k + 800 } else { k + 400 })).collect();
    assert_eq!(joined(&record), format!("{{{}}}", expected.join(",")));
    let decoded = Format::Json.decode(json.as_bytes()).unwrap();
    assert_eq!(Format::Json.encode(&decoded).unwrap(), joined(&record).into_bytes());
}

#[test]
fn keys_are_found_by_their_text_however_they_are_spelled() {
    let record = parse(Format::TaggedJson, r#"{"\u6e38 \ud83d\ude00":1,"é":2,"a\"b":3}"#);
    assert_eq!(record.get("游 😀"), Some(&b"1"[..]));
    assert_eq!(record.get("é"), Some(&b"2"[..]));
    assert_eq!(record.get("a\"b"), Some(&b"3"[..]));
    assert_eq!(joined(&record), r#"{"a\"b":3,"\u00e9":2,"\u6e38 \ud83d\ude00":1}"#);
}

#[test]
fn keys_that_are_no_text_survive() {
    let bytes = b"\x84\x01\xa1a\xc4\x01k\xa1b\x92\x01\x02\xa1c\xc0\xa1d";
    let record = parse(Format::Msgpack, &bytes[..]);
    let keys: Vec<_> = record.entries().map(|(key, _)| key).collect();
    assert_eq!(keys[..2], [RawKey::Other(&b"\x01"[..]), RawKey::Other(&b"\xc4\x01k"[..])]);
    assert_eq!(record.get("a"), None, "a value is no key");
    assert_eq!(Format::Msgpack.join(&record.entries().collect::<Vec<_>>()), bytes);
    let half = r#"{"a":1,"\ud800":2}"#;
    assert_eq!(joined(&parse(Format::TaggedJson, half)), half);
    assert!(Record::parse(Format::Json, half.into()).is_err(), "msgspec refuses it");
}

#[test]
fn a_cookie_with_one_key_that_looks_like_a_tag_is_unescaped_and_escaped_again() {
    let cookie = r#"{" di":{" t__":{" t":[1]}}}"#;
    let record = parse(Format::TaggedJson, cookie);
    assert_eq!(record.get(" t"), Some(&br#"{" t":[1]}"#[..]));
    assert_eq!(joined(&record), cookie);
    let with_more = format!("{{\" t\":1,\"a\":{}}}", 2);
    assert_eq!(joined(&parse(Format::TaggedJson, with_more.clone())), with_more, "not alone: no tag");
}

#[test]
fn a_cookie_that_is_another_tagged_value_is_no_session() {
    for cookie in [
        r#"{" t":[["a",1]]}"#,
        r#"{" u":"12345678123456781234567812345678"}"#,
        r#"{" di":{}}"#,
        r#"{" di":[]}"#,
        r#"{" di":{" t":[1]}}"#,
        r#"{" di":{" t__":1}}x"#,
    ] {
        assert!(Record::parse(Format::TaggedJson, cookie.into()).is_err(), "{cookie}");
    }
}

#[test]
fn cookies_of_null_or_an_empty_list_are_empty_sessions() {
    for cookie in ["null", " [ ] ", "{}"] {
        assert!(parse(Format::TaggedJson, cookie).is_empty(), "{cookie}");
    }
}

#[test]
fn what_is_no_map_says_what_it_is_instead() {
    let found = |format, bytes: &'static [u8]| Record::parse(format, bytes.into()).unwrap_err().found();
    assert_eq!(found(Format::Msgpack, b"\x05"), Some("integer"));
    assert_eq!(found(Format::Msgpack, b"\xa1x"), Some("text"));
    assert_eq!(found(Format::Msgpack, b"\x91\x01"), Some("list"));
    assert_eq!(found(Format::Json, b"\"x\""), Some("text"));
    assert_eq!(found(Format::Json, b"[1]"), Some("list"));
    assert_eq!(found(Format::TaggedJson, b"true"), Some("true or false"));
}

#[test]
fn a_record_in_neither_format_keeps_the_complaint_of_the_configured_one() {
    let error = Record::read(Format::Json, "{\"a\":tru}".into()).unwrap_err();
    assert_eq!(error.to_string(), "the record is neither JSON nor another known format");
    assert_eq!(error.source().unwrap().to_string(), "expected a value at byte 5");
}

#[test]
fn a_record_tells_the_format_it_was_written_in() {
    let json = Record::read(Format::Msgpack, "{\"a\":1}".into()).unwrap().unwrap();
    assert_eq!(json.format(), Format::Json);
    let msgpack = Record::read(Format::Json, Bytes::from_static(b"\x81\xa1a\x01")).unwrap().unwrap();
    assert_eq!(msgpack.format(), Format::Msgpack);
}

#[test]
fn malformed_json_is_refused_before_anything_is_read_from_it() {
    for json in [
        "",
        "{",
        "{}}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":[1,]}",
        "{\"a\":[}]}",
        "{\"a\":[1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":truex}",
        "{\"a\":-NaN}",
        "{\u{a0}\"a\":1}",
        "\u{feff}{}",
    ] {
        for format in [Format::Json, Format::TaggedJson] {
            assert!(Record::parse(format, json.to_owned().into()).is_err(), "{json}");
            assert!(format.decode(json.as_bytes()).is_err(), "{json}");
        }
    }
}

#[test]
fn keys_and_values_never_show_in_debug_output_or_errors() {
    let record = parse(Format::Json, r#"{"secret":"hunter2"}"#);
    let value = Format::Json.decode(record.get("secret").unwrap()).unwrap();
    let shown = format!("{record:?} {value:?}");
    assert!(!shown.contains("secret") && !shown.contains("hunter2"), "{shown}");
}
