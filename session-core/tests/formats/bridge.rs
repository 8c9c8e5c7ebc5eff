//! Rust types to values and back.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::net::IpAddr;

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::value::{DateTime, Value, from_value, to_value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::typed::to_typed;

const FORMATS: [Format; 3] = [Format::Msgpack, Format::Json, Format::TaggedJson];

fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Theme {
    Light,
    Tinted(u8, u8),
    Named { name: String },
    Like(Box<Theme>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    File { content: Vec<u8>, at: Option<u64> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Bytes(Vec<u8>),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    #[serde(rename = "type")]
    small: u8,
    large: u128,
    negative: i128,
    float: f32,
    char: char,
    unit: (),
    none: Option<u8>,
    some: Option<String>,
    pair: (String, i8),
    bytes: Vec<u8>,
    no_bytes: Vec<u8>,
    key: [u8; 4],
    maybe: Vec<Option<u8>>,
    themes: Vec<Theme>,
    tagged: Tagged,
    untagged: Vec<Untagged>,
    numbers: BTreeMap<u32, bool>,
    flags: BTreeMap<bool, String>,
    address: IpAddr,
    at: DateTime,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn everything() -> Everything {
    Everything {
        small: 255,
        large: u128::MAX,
        negative: i128::MIN,
        float: 0.5,
        char: '游',
        unit: (),
        none: None,
        some: Some("".into()),
        pair: ("a".into(), -1),
        bytes: vec![0, 255],
        no_bytes: vec![],
        key: [1, 2, 3, 4],
        maybe: vec![Some(1), Some(2)],
        themes: vec![
            Theme::Light,
            Theme::Tinted(1, 2),
            Theme::Like(Theme::Named { name: "x".into() }.into()),
        ],
        tagged: Tagged::File { content: vec![1, 2, 3], at: Some(7) },
        untagged: vec![Untagged::Number(-1), Untagged::Bytes(vec![9]), Untagged::Text("not base64!".into())],
        numbers: [(2, true), (10, false)].into(),
        flags: [(true, "yes".into())].into(),
        address: "2001:db8::1".parse().unwrap(),
        at: "2024-01-02T03:04:05Z".parse().unwrap(),
        rest: [("more".to_owned(), Value::Float(1.5))].into(),
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(format: Format, value: &T) -> T {
    let bytes = format.encode(&to_value(value).unwrap()).unwrap();
    from_value(format.decode(&bytes).unwrap()).unwrap_or_else(|error| panic!("{format}: {error}"))
}

#[test]
fn what_serde_can_say_survives_without_a_format_between() {
    let value = to_value(&everything()).unwrap();
    assert_eq!(from_value::<Everything>(value).unwrap(), everything());
}

#[test]
fn what_serde_can_say_survives_every_format() {
    let cookie = everything();
    assert_eq!(round_trip(Format::TaggedJson, &cookie), cookie);
    // JSON records have no keys of true and false, and bytes are text there, which serde's buffer for
    // tagged and untagged enums can't know.
    let json = Everything {
        flags: BTreeMap::new(),
        untagged: vec![],
        tagged: Tagged::File { content: vec![], at: Some(7) },
        ..cookie.clone()
    };
    assert_eq!(round_trip(Format::Json, &json), json);
    let msgpack = Everything { large: u64::MAX.into(), negative: i64::MIN.into(), ..cookie };
    assert_eq!(round_trip(Format::Msgpack, &msgpack), msgpack);
}

#[test]
fn python_sees_the_types_it_would_use() {
    assert_eq!(to_value(&vec![1_u8, 2]), Ok(Value::Bytes(vec![1, 2])));
    assert_eq!(to_value(&vec![1_u16, 2]), Ok(Value::List(vec![Value::Int(1), Value::Int(2)])));
    assert_eq!(to_value(&(1_u8, 2_u8)), Ok(Value::Tuple(vec![Value::Int(1), Value::Int(2)])));
    assert_eq!(to_value(&[Some(1_u8)]), Ok(Value::Tuple(vec![Value::Int(1)])));
    assert_eq!(to_value(&vec![Some(1_u8)]), Ok(Value::List(vec![Value::Int(1)])));
    assert_eq!(to_value(&()), Ok(Value::None));
    assert_eq!(to_value(&Theme::Light), Ok(text("Light")));
    let tinted = Value::Map(vec![(text("Tinted"), Value::Tuple(vec![Value::Int(1), Value::Int(2)]))]);
    assert_eq!(to_value(&Theme::Tinted(1, 2)), Ok(tinted));
    assert_eq!(to_value(&"127.0.0.1".parse::<IpAddr>().unwrap()), Ok(text("127.0.0.1")));
}

#[test]
fn values_pass_through_as_fields_of_their_own_type() {
    let values = vec![
        Value::None,
        Value::Int(i128::MAX),
        Value::BigInt("-".to_owned() + &"9".repeat(50)),
        Value::Bytes(vec![]),
        Value::Bytes(vec![1]),
        Value::List(vec![Value::Int(1), Value::Int(2)]),
        Value::Tuple(vec![Value::Tuple(vec![]), Value::Markup("<b>".into())]),
        Value::Map(vec![(Value::Tuple(vec![Value::Int(1)]), Value::Uuid(uuid::Uuid::from_u128(5)))]),
        Value::DateTime("2024-01-02T03:04:05.123456789-03:30:15".parse().unwrap()),
        Value::DateTime("2024-01-02 03:04:05".parse().unwrap()),
        Value::Ext { code: -7, data: vec![] },
    ];
    let back: Vec<Value> = from_value(to_value(&values).unwrap()).unwrap();
    let show = |values: &[Value]| to_typed(&Value::List(values.to_vec()));
    assert_eq!(show(&back), show(&values));
}

#[test]
fn other_serializers_see_a_value_as_plain_data() {
    let value = Value::Map(vec![
        (text("html"), Value::Markup("<b>".into())),
        (text("at"), Value::DateTime("2024-01-02T03:04:05Z".parse().unwrap())),
        (text("pair"), Value::Tuple(vec![Value::Int(1), Value::None])),
    ]);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(json, r#"{"html":"<b>","at":"2024-01-02T03:04:05Z","pair":[1,null]}"#);
    let read: Value = serde_json::from_str(r#"{"a":[1,-1.5,true,null,"x"]}"#).unwrap();
    let items = vec![Value::Int(1), Value::Float(-1.5), Value::Bool(true), Value::None, text("x")];
    assert_eq!(read, Value::Map(vec![(text("a"), Value::List(items))]));
}

#[test]
fn text_reads_from_text_and_html_only() {
    assert_eq!(from_value(text("a")), Ok("a".to_owned()));
    assert_eq!(from_value(Value::Markup("a".into())), Ok("a".to_owned()));
    for other in [Value::Int(1), Value::Uuid(uuid::Uuid::nil()), Value::Bytes(vec![97]), Value::None] {
        assert!(from_value::<String>(other).is_err());
    }
}

#[test]
fn a_float_field_reads_integers_but_an_integer_field_no_floats() {
    assert_eq!(from_value(Value::Int(3)), Ok(3.0_f64));
    assert!(from_value::<i64>(Value::Float(3.0)).is_err());
    assert!(from_value::<u8>(Value::Int(256)).is_err());
    assert!(from_value::<u8>(Value::Int(-1)).is_err());
    assert!(from_value::<bool>(Value::Int(1)).is_err());
}

#[test]
fn bytes_read_from_the_base64_that_json_records_hold() {
    assert_eq!(from_value(text("/wBo")), Ok(vec![255_u8, 0, 104]));
    assert_eq!(from_value(text("")), Ok(Vec::<u8>::new()));
    assert_eq!(from_value(text("AQIDBA==")), Ok([1_u8, 2, 3, 4]));
    assert!(from_value::<Vec<u8>>(text("hello world")).is_err());
    assert!(from_value::<Vec<u32>>(text("/wBo")).is_err(), "a text is no list of numbers");
    assert!(from_value::<Vec<String>>(text("abcd")).is_err());
}

#[test]
fn dates_and_uuids_read_from_what_each_format_makes_of_them() {
    let at: DateTime = "2024-01-02T03:04:05Z".parse().unwrap();
    let naive: DateTime = "2024-01-02T03:04:05.5".parse().unwrap();
    let uuid = uuid::Uuid::from_u128(0x1234);
    for format in FORMATS {
        assert_eq!(round_trip(format, &at), at);
        let stored = format.decode(&format.encode(&Value::Uuid(uuid)).unwrap()).unwrap();
        assert_eq!(from_value(stored), Ok(Parsed(uuid)));
    }
    assert_eq!(round_trip(Format::Msgpack, &naive), naive);
    assert_eq!(round_trip(Format::Json, &naive), naive);
    assert_eq!(round_trip(Format::TaggedJson, &naive).to_string(), "2024-01-02T03:04:05Z");
}

/// Reads a UUID from text, as the types of other crates do.
#[derive(Debug, PartialEq)]
struct Parsed(uuid::Uuid);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Parsed;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a UUID")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Parsed, E> {
                text.parse().map(Parsed).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[test]
fn integer_keys_read_alike_from_msgpack_and_from_json() {
    for format in FORMATS {
        let map = HashMap::from([(1_u32, "a".to_owned()), (20, "b".to_owned())]);
        assert_eq!(round_trip(format, &map), map);
    }
    let integer_key = Value::Map(vec![(Value::Int(7), Value::None)]);
    assert_eq!(from_value(integer_key), Ok(HashMap::from([("7".to_owned(), ())])));
}

#[test]
fn an_integer_key_is_not_taken_for_the_position_of_a_field() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        #[serde(default)]
        first: u8,
    }
    let map = Value::Map(vec![(Value::Int(0), Value::Int(9))]);
    assert_eq!(from_value(map), Ok(One { first: 0 }));
}

#[test]
fn left_over_items_are_an_error() {
    let three = Value::List(vec![Value::Int(1), Value::Int(2), Value::Int(3)]);
    assert!(from_value::<(u8, u8)>(three.clone()).is_err());
    assert!(from_value::<[u8; 2]>(three).is_err());
    assert!(from_value::<[u8; 2]>(Value::Bytes(vec![1, 2, 3])).is_err());
}

#[test]
fn errors_name_types_but_no_values() {
    let cases: [(Result<(), _>, &str); 6] = [
        (from_value::<u8>(text("hunter2")).map(drop), "expected u8, found: text"),
        (from_value::<u8>(Value::Int(777)).map(drop), "expected u8, found: integer"),
        (
            from_value::<Theme>(text("hunter2")).map(drop),
            "unknown variant, expected one of: Light, Tinted, Named, Like",
        ),
        (from_value::<IpAddr>(text("hunter2")).map(drop), "the type's own Deserialize refused the value"),
        (from_value::<Theme>(Value::List(vec![])).map(drop), "expected enum Theme, found: list"),
        (
            from_value::<(String, u8)>(Value::Tuple(vec![text("hunter2")])).map(drop),
            "expected a tuple of size 2, found 1 items",
        ),
    ];
    for (result, expected) in cases {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!format!("{error:?}{:?}", error.source()).contains("hunter2"));
    }
    assert_eq!(from_value::<u8>(text("hunter2")).unwrap_err().found(), Some("text"));
}
