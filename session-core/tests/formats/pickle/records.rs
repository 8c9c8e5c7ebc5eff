//! Records that are pickles, as an older Flask-Session left them in a store.

use std::error::Error;

use rocket_session_state_core::codec::{DecodeError, Format, Record};
use serde_json::{Value as Json, json};

use crate::typed::to_typed;
use crate::vectors::load;

fn record(configured: Format, pickle: &'static [u8]) -> Result<Option<Record>, DecodeError> {
    Record::read(configured, pickle.into())
}

fn read(configured: Format, pickle: &'static [u8]) -> (Format, Json) {
    let record = record(configured, pickle).unwrap().unwrap();
    (record.format(), to_typed(&load(&record).unwrap()))
}

#[test]
fn a_pickle_is_a_record_of_the_configured_format() {
    let expected = json!({ "$dict": [["a", { "$int": "1" }], ["t", [null, true]]] });
    for pickle in [
        &b"(dp0\nVa\np1\nI1\nsVt\np2\n(NI01\ntp3\ns."[..],
        b"}q\0(X\x01\0\0\0aq\x01K\x01X\x01\0\0\0tq\x02(NI01\ntq\x03u.",
        b"\x80\x02}q\0(X\x01\0\0\0aq\x01K\x01X\x01\0\0\0tq\x02N\x88\x86q\x03u.",
        b"\x80\x04\x95\x11\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94K\x01\x8c\x01t\x94N\x88\x86\x94u.",
    ] {
        for format in [Format::Msgpack, Format::Json] {
            assert_eq!(read(format, pickle), (format, expected.clone()), "{}", pickle.escape_ascii());
        }
    }
    let record = record(Format::Json, b"\x80\x04}\x8c\x01aC\x01\xffs.").unwrap().unwrap();
    assert_eq!(record.get("a"), Some(&br#""/w==""#[..]), "bytes are base64 text in JSON");
}

#[test]
fn a_pickle_that_only_the_other_format_can_hold_is_in_that_format() {
    let (format, value) = read(Format::Msgpack, b"\x80\x02}X\x01\0\0\0n\x8a\x09\0\0\0\0\0\0\0\0\x01s.");
    assert_eq!(format, Format::Json);
    assert_eq!(value, json!({ "$dict": [["n", { "$int": "18446744073709551616" }]] }));
    // 1 and "1" would be one key in JSON
    let (format, value) = read(Format::Json, b"\x80\x02}(K\x01K\x02X\x01\0\0\x001K\x03u.");
    assert_eq!(format, Format::Msgpack);
    assert_eq!(value, json!({ "$dict": [[{ "$int": "1" }, { "$int": "2" }], ["1", { "$int": "3" }]] }));
    for configured in [Format::Msgpack, Format::Json] {
        let neither = record(configured, b"\x80\x02}K\x01\x8a\x09\0\0\0\0\0\0\0\0\x01s.").unwrap_err();
        assert!(neither.to_string().contains("neither msgpack nor JSON can hold"), "{neither}");
        assert!(neither.source().is_some());
    }
}

#[test]
fn a_pickled_none_is_missing_and_what_is_no_map_an_error() {
    assert!(record(Format::Msgpack, b"\x80\x04N.").unwrap().is_none());
    let error = record(Format::Msgpack, b"\x80\x04K\x05.").unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "a session is a map, found: integer");
    // a list of pairs is one
    let pairs = json!({ "$dict": [["a", { "$int": "1" }]] });
    assert_eq!(read(Format::Json, b"\x80\x04]\x8c\x01aK\x01\x86a."), (Format::Json, pairs));
}

#[test]
fn the_log_tells_what_is_wrong_with_a_pickle_but_no_value() {
    let error = record(Format::Msgpack, b"\x80\x02}U\x06secretccrypto\nkey\ns.").unwrap_err();
    let text = rocket_session_state_core::Chain(&error).to_string();
    assert!(text.contains("the record is a pickle that can't be read"), "{text}");
    assert!(text.contains("a class or function by its name, `crypto.key`, at byte 11"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    // what does not begin as a pickle of a map does is none
    let error = record(Format::Msgpack, b"garbage.").unwrap_err();
    assert!(error.to_string().contains("neither msgpack nor another"), "{error}");
}

#[test]
fn what_is_in_another_format_is_never_taken_for_a_pickle() {
    assert_eq!(
        read(Format::Msgpack, b"\x81\xa1.\x01"),
        (Format::Msgpack, json!({ "$dict": [[".", { "$int": "1" }]] }))
    );
    // 125, and no map: as a pickle it would be an empty dict without its end
    let number = record(Format::Msgpack, b"}").unwrap_err();
    assert_eq!(number.found(), Some("integer"));
    // a cookie is signed, but by whom? It never was a pickle in a release that signs as today's
    assert!(record(Format::TaggedJson, b"\x80\x04}.").is_err());
}
