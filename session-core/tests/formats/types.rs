//! Each Python type as the Rust type that a field declares for it: written as the real libraries write
//! it, and read from what they wrote.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::codec::Format;
use rocket_session_state_core::value::{Bytes, DateTime, Markup, Uuid, Value, from_value, to_value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::vectors::vectors;

/// The format and the exact bytes of one vector.
fn vector(id: &str) -> (Format, Vec<u8>) {
    let kind = id.rsplit_once('-').unwrap().0;
    let full = format!("dev-{id}");
    let vector = vectors(kind).into_iter().find(|vector| vector["id"] == *full).unwrap();
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    match kind {
        "record_msgpack" => (Format::Msgpack, STANDARD.decode(text("bytes")).unwrap()),
        "record_json" => (Format::Json, STANDARD.decode(text("bytes")).unwrap()),
        _ => (Format::TaggedJson, text("json").into_bytes()),
    }
}

fn writes<T: Serialize>(id: &str, session: &T) {
    let (format, bytes) = vector(id);
    let written = format.encode(&to_value(session).unwrap());
    let written = written.unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(written, bytes, "{id}: wrote {}", String::from_utf8_lossy(&written));
}

fn reads<T: DeserializeOwned + PartialEq + Debug>(id: &str, session: &T) {
    let (format, bytes) = vector(id);
    let read: T = from_value(format.decode(&bytes).unwrap()).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(read, *session, "{id}");
}

/// The session is written as each vector and read from it again.
fn is<T: Serialize + DeserializeOwned + PartialEq + Debug>(ids: &[&str], session: T) {
    for id in ids {
        writes(id, &session);
        reads(id, &session);
    }
}

fn one<T>(key: &str, value: T) -> BTreeMap<String, T> {
    [(key.to_owned(), value)].into()
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn none_is_an_option_and_bool_a_bool() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Session {
        n: Option<String>,
        t: bool,
        f: bool,
    }
    is(&["record_msgpack-006", "record_json-006"], Session { n: None, t: true, f: false });
    reads("flask_cookie-006", &Session { n: None, t: true, f: false });
}

#[test]
fn integers_of_64_bits_are_i64_and_u64() {
    let widths = [
        0,
        127,
        128,
        255,
        256,
        65535,
        65536,
        2147483648,
        4294967296,
        9007199254740992,
        i64::MAX,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32768,
        -32769,
        -2147483649,
        i64::MIN,
    ];
    is(&["record_msgpack-007", "record_json-007", "flask_cookie-007"], one("i", widths.map(Some).to_vec()));
    is(&["record_msgpack-008", "record_json-008"], one("i", vec![1_u64 << 63, u64::MAX]));
}

#[test]
fn larger_integers_are_i128_and_beyond_that_values_except_in_msgpack() {
    let large = vec![1_i128 << 64, -(1 << 70), 10_i128.pow(30)];
    is(&["flask_cookie-008"], one("i", large));
    is(&["record_json-009"], one("i", 1_i128 << 64));
    is(&["record_json-010"], one("i", i128::from(i64::MIN) - 1));
    assert!(Format::Msgpack.encode(&to_value(&(1_i128 << 64)).unwrap()).is_err());
    let digits = "9".repeat(60);
    for format in [Format::Json, Format::TaggedJson] {
        let huge: Value = from_value(format.decode(digits.as_bytes()).unwrap()).unwrap();
        assert_eq!(huge, Value::BigInt(digits.clone()));
        assert_eq!(format.encode(&to_value(&huge).unwrap()).unwrap(), digits.as_bytes());
    }
}

#[test]
fn a_float_is_an_f64_and_without_a_number_null_in_json() {
    let floats = vec![
        0.0,
        -0.0,
        1.0,
        0.1,
        1.5,
        1e15,
        1e16,
        1e22,
        1e-4,
        1e-5,
        1e-7,
        1.2345678901234568e17,
        5e-324,
        f64::MAX,
    ];
    is(&["record_msgpack-011", "record_json-011", "flask_cookie-009"], one("f", floats));
    let none = one("f", [f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    writes("flask_cookie-010", &one("f", none["f"].to_vec()));
    writes("record_msgpack-013", &one("f", none["f"].to_vec()));
    writes("record_json-013", &one("f", none["f"].to_vec()));
    reads("record_json-013", &one("f", vec![None::<f64>; 3]));
}

#[test]
fn text_is_a_string() {
    let ids = ["record_msgpack-014", "record_json-014", "flask_cookie-011"];
    is(&ids, one("u", "游客 é 😀".to_owned()));
}

#[test]
fn bytes_are_bytes_and_so_are_none_of_them() {
    let hello = Bytes(b"\xff\x00hello".to_vec());
    let both: BTreeMap<_, _> = [("b".to_owned(), hello.clone()), ("e".to_owned(), Bytes::default())].into();
    is(&["record_msgpack-027", "record_json-016"], both.clone());
    is(&["flask_cookie-016"], one("b", hello));
    is(&["flask_cookie-017"], one("b", Bytes::default()));
    let both: BTreeMap<String, Vec<u8>> = both.into_iter().map(|(key, bytes)| (key, bytes.into())).collect();
    reads("record_msgpack-027", &both);
    reads("record_json-016", &both);
    is(&["flask_cookie-018"], one("b", STANDARD.decode("++++//8=").unwrap()));
}

#[test]
fn bytes_read_from_an_empty_list_and_inside_untagged_types() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Content {
        Text(String),
        Binary(Bytes),
    }
    assert_eq!(from_value(Value::List(vec![])), Ok(Bytes::default()));
    let binary = Content::Binary(Bytes(vec![0, 255]));
    assert_eq!(from_value(to_value(&binary).unwrap()), Ok(binary));
    assert!(from_value::<Bytes>(Value::Str("not base64!".to_owned())).is_err());
    assert!(from_value::<Bytes>(Value::List(vec![Value::Int(256)])).is_err());
}

#[test]
fn a_tuple_is_a_tuple_in_cookies_and_a_list_in_records() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Session {
        t: (u8, String),
        s: HashSet<u16>,
        e: [u8; 0],
    }
    let session = Session { t: (1, "a".to_owned()), s: [7].into(), e: [] };
    is(&["record_msgpack-029", "record_json-017"], session);
    is(&["flask_cookie-013"], one("t", (1, "a".to_owned(), ())));
    is(&["flask_cookie-014"], one("t", [0_u8; 0]));
}

#[test]
fn a_set_is_a_list_that_reads_as_a_set() {
    let colours: BTreeSet<String> = ["blue".to_owned(), "red".to_owned()].into();
    let list = Value::List(vec![Value::Str("blue".to_owned()), Value::Str("red".to_owned())]);
    assert_eq!(to_value(&colours), Ok(list.clone()));
    assert_eq!(from_value(list), Ok(colours));
}

#[test]
fn a_map_has_keys_of_text_or_numbers() {
    let numbers = |pairs: &[(u32, u8)]| one("k", pairs.iter().copied().collect::<HashMap<_, _>>());
    reads("flask_cookie-033", &numbers(&[(10, 1), (9, 2), (2, 3)]));
    writes("flask_cookie-033", &numbers(&[(10, 1), (9, 2), (2, 3)]));
    let named: BTreeMap<u8, char> = [(1, 'a'), (2, 'b')].into();
    is(&["record_msgpack-038", "record_json-026"], one("k", named));
}

#[test]
fn an_aware_datetime_is_in_utc_but_in_json_and_whole_in_cookies() {
    let whole = ["record_msgpack-030", "record_json-018", "flask_cookie-021"];
    is(&whole, one("d", time("2015-10-21T07:28:00Z")));
    is(&["record_msgpack-031", "record_json-019"], one("d", time("2015-10-21T07:28:00.678901Z")));
    let east = one("d", time("2024-01-02T03:04:05.678901+08:00"));
    is(&["record_json-020"], east.clone());
    for (id, read) in
        [("record_msgpack-032", "2024-01-01T19:04:05.678901Z"), ("flask_cookie-023", "2024-01-01T19:04:05Z")]
    {
        writes(id, &east);
        reads(id, &one("d", time(read)));
    }
}

#[test]
fn a_naive_datetime_stays_naive_in_records_and_is_utc_in_cookies() {
    let naive = one("d", time("2024-02-29T23:59:58.999999"));
    is(&["record_msgpack-034", "record_json-022"], naive.clone());
    is(&["record_msgpack-035", "record_json-023"], one("d", time("2024-02-29T23:59:58")));
    writes("flask_cookie-022", &naive);
    reads("flask_cookie-022", &one("d", time("2024-02-29T23:59:58Z")));
}

#[test]
fn a_uuid_is_one_in_cookies_and_text_in_records() {
    let id: uuid::Uuid = "12345678-1234-5678-1234-567812345678".parse().unwrap();
    is(&["flask_cookie-020"], one("u", Uuid(id)));
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Session {
        u: Uuid,
        /// A `Decimal`.
        d: String,
    }
    is(&["record_msgpack-037", "record_json-025"], Session { u: id.into(), d: "1.10".to_owned() });
    assert!(from_value::<Uuid>(Value::Str("12345678".to_owned())).is_err());
}

#[test]
fn markup_is_html_in_cookies_and_reads_from_text() {
    let html = Markup("<em>Testing</em> & co".to_owned());
    is(&["flask_cookie-019"], one("m", html.clone()));
    reads("flask_cookie-019", &one("m", html.to_string()));
    assert_eq!(from_value(Value::Str(html.to_string())), Ok(html));
}

#[test]
fn untyped_html_is_refused_by_records_as_upstream() {
    for format in [Format::Msgpack, Format::Json] {
        assert!(format.encode(&Value::Markup("<b>".to_owned())).is_err());
    }
}

#[test]
fn dates_times_and_durations_are_text() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Session {
        date: chrono::NaiveDate,
        time: chrono::NaiveTime,
        td: String,
    }
    let session = Session {
        date: chrono::NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(),
        time: chrono::NaiveTime::from_hms_opt(3, 4, 5).unwrap(),
        td: "P1DT2.000003S".to_owned(),
    };
    is(&["record_msgpack-036", "record_json-024"], session);
}

#[test]
fn an_extension_is_a_value() {
    let extension = Value::Ext { code: 5, data: vec![1, 2] };
    let bytes = Format::Msgpack.encode(&to_value(&extension).unwrap()).unwrap();
    assert_eq!(from_value(Format::Msgpack.decode(&bytes).unwrap()), Ok(extension));
}

#[test]
fn other_serializers_see_the_types_as_plain_data() {
    let id = Uuid(uuid::Uuid::from_u128(5));
    let plain = (id, Markup("<b>".to_owned()), Bytes(vec![1, 2]));
    let json = serde_json::to_string(&plain).unwrap();
    assert_eq!(json, r#"["00000000-0000-0000-0000-000000000005","<b>",[1,2]]"#);
    assert_eq!(serde_json::from_str::<(Uuid, Markup, Bytes)>(&json).unwrap(), plain);
}
