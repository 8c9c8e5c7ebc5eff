//! Flask's tags, as Flask itself reads them.

use rocket_session_state_core::codec::{DecodeError, Format};
use rocket_session_state_core::value::Value;

fn read(json: &str) -> Result<Value, DecodeError> {
    Format::TaggedJson.decode(json.as_bytes())
}

fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}

#[test]
fn tuples_are_made_of_lists_and_of_the_letters_of_a_text() {
    assert_eq!(read(r#"{" t":"aé"}"#), Ok(Value::Tuple(vec![text("a"), text("é")])));
    assert_eq!(read(r#"{" t":{" t":[]}}"#), Ok(Value::Tuple(vec![])));
    assert!(read(r#"{" t":null}"#).is_err());
}

#[test]
fn an_escaped_map_keeps_its_first_member_and_loses_two_characters_of_the_key() {
    let map = |key: &str, value| Ok(Value::Map(vec![(text(key), value)]));
    assert_eq!(read(r#"{" di":{"ab":1,"cd":2}}"#), map("", Value::Int(1)));
    assert_eq!(read(r#"{" di":{"a":1}}"#), map("", Value::Int(1)));
    assert_eq!(read(r#"{" di":{"\u00e9\u00e9\u00e9":1}}"#), map("é", Value::Int(1)));
    assert_eq!(read(r#"{" di":{" t__":1}," di":{" b__":2}}"#), map(" b", Value::Int(2)));
    for json in [r#"{" di":{}}"#, r#"{" di":{" t":[1]}}"#, r#"{" di":[1]}"#] {
        assert!(read(json).is_err(), "{json}");
    }
}

#[test]
fn bytes_are_read_as_leniently_as_python_reads_base64() {
    let bytes = |bytes: &[u8]| Ok(Value::Bytes(bytes.to_vec()));
    assert_eq!(read(r#"{" b":"YR=="}"#), bytes(b"a"), "left-over bits");
    assert_eq!(read(r#"{" b":"Y*Q =\n="}"#), bytes(b"a"), "other characters");
    assert_eq!(read(r#"{" b":"=YWJj"}"#), bytes(b"abc"), "padding before its place");
    assert_eq!(read(r#"{" b":"YQ==YWJj"}"#), bytes(b"a"), "padding ends it");
    assert_eq!(read(r#"{" b":"***"}"#), bytes(b""));
    for json in
        [r#"{" b":"YQ"}"#, r#"{" b":"YQ="}"#, r#"{" b":"Y==="}"#, r#"{" b":"éYQ=="}"#, r#"{" b":null}"#]
    {
        assert!(read(json).is_err(), "{json}");
    }
}

#[test]
fn dates_are_read_with_offsets_and_years_of_two_digits() {
    for (date, expected) in [
        ("Wed, 21 Oct 2015 07:28:00 +0800", "2015-10-21T07:28:00+08:00"),
        ("Wed, 21 Oct 2015 07:28:00 -0330", "2015-10-21T07:28:00-03:30"),
        ("Wed, 21 Oct 2015 07:28:00", "2015-10-21T07:28:00Z"),
        ("1 oct 15 07:28 gmt", "2015-10-01T07:28:00Z"),
        ("Thu, 01 Jan 0068 00:00:00 GMT", "2068-01-01T00:00:00Z"),
        ("Thu, 01 Jan 0069 00:00:00 GMT", "1969-01-01T00:00:00Z"),
        ("Thu, 01 Jan 0999 00:00:00 GMT", "0999-01-01T00:00:00Z"),
    ] {
        let expected = Value::DateTime(expected.parse().unwrap());
        assert_eq!(read(&format!("{{\" d\":\"{date}\"}}")), Ok(expected), "{date}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for date in [
        "",
        "tomorrow",
        "Wed, 21 Oct 2015",
        "Wed, 31 Feb 2015 00:00:00 GMT",
        "Wed, 21 Oct 2015 24:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:60 GMT",
    ] {
        assert_eq!(read(&format!("{{\" d\":\"{date}\"}}")), Ok(Value::None), "{date}");
    }
    assert_eq!(read(r#"{" d":null}"#), Ok(Value::None));
    assert!(read(r#"{" d":5}"#).is_err());
}
