use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Body, Part, Shape, Traced, losses};
use crate::formats::value::{Bytes, DateTime, Markup, Uuid, Value};

fn shape<T: DeserializeOwned>() -> Shape {
    Shape::of::<T>().shape
}

/// The body of the struct or enum that is known to serde by this name.
fn body(traced: &Traced, name: &str) -> Body {
    let (id, _) = traced.names.iter().find(|(_, known)| *known == name).expect("a type of this name");
    traced.types[id].clone()
}

fn parts<T: DeserializeOwned>(name: &str) -> BTreeMap<String, Part> {
    match body(&Shape::of::<T>(), name) {
        Body::Struct(parts) => parts,
        Body::Enum(_) => panic!("{name} is an enum"),
    }
}

/// What is lost when a value that was stored as `Was` is read as `Is`.
fn lost<Was: DeserializeOwned, Is: DeserializeOwned>() -> Vec<String> {
    let (was, is) = (Shape::of::<Was>(), Shape::of::<Is>());
    losses("it", (&was.shape, &was.types), (&is.shape, &is.types))
}

fn list(item: Shape) -> Shape {
    Shape::List(Box::new(item))
}

fn parsed(kind: &str) -> Shape {
    Shape::Parsed(kind.to_owned())
}

#[test]
fn a_type_of_std_or_of_ours_is_what_its_record_holds() {
    assert_eq!(shape::<String>(), Shape::Text);
    assert_eq!(shape::<char>(), Shape::Character);
    assert_eq!((shape::<u8>(), shape::<usize>(), shape::<i128>()), (Shape::U8, Shape::U64, Shape::I128));
    assert_eq!(shape::<NonZeroU32>(), Shape::U32);
    assert_eq!(
        (shape::<f32>(), shape::<bool>(), shape::<()>()),
        (Shape::Number, Shape::Boolean, Shape::Null)
    );
    assert_eq!((shape::<Vec<u8>>(), shape::<Bytes>()), (Shape::Bytes, Shape::Bytes));
    assert_eq!(shape::<Vec<String>>(), list(Shape::Text));
    assert_eq!(shape::<BTreeSet<i64>>(), list(Shape::I64));
    assert_eq!(shape::<Option<bool>>(), Shape::Optional(Box::new(Shape::Boolean)));
    assert_eq!(shape::<(String, u16)>(), Shape::Tuple(vec![Shape::Text, Shape::U16]));
    assert_eq!(shape::<[f64; 2]>(), Shape::Tuple(vec![Shape::Number, Shape::Number]));
    assert_eq!(
        shape::<HashMap<u32, Vec<bool>>>(),
        Shape::Map(Shape::U32.into(), list(Shape::Boolean).into())
    );
    assert_eq!((shape::<DateTime>(), shape::<Uuid>()), (Shape::DateTime, Shape::Uuid));
    assert_eq!((shape::<Markup>(), shape::<Value>()), (Shape::Text, Shape::Any));
}

#[test]
fn a_type_that_parses_text_says_of_which_kind_it_is() {
    assert_eq!(shape::<chrono::DateTime<chrono::Utc>>(), parsed("date and time"));
    assert_eq!(shape::<chrono::NaiveDateTime>(), parsed("local date and time"));
    assert_eq!(shape::<chrono::NaiveDate>(), parsed("date"));
    assert_eq!(shape::<chrono::NaiveTime>(), parsed("time"));
    assert_eq!(shape::<IpAddr>(), parsed("address"));
    assert_eq!(shape::<Vec<std::net::SocketAddr>>(), list(parsed("address and port")));
}

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    #[serde(default)]
    count: Option<u8>,
    note: Option<String>,
    #[serde(rename = "in-stock", default)]
    in_stock: bool,
    price: Price,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Price(i64);

#[test]
fn a_struct_has_its_fields_by_their_stored_names_and_says_which_may_be_absent() {
    let parts = parts::<Vec<Item>>("Item");
    let found: Vec<_> =
        parts.iter().map(|(name, part)| (name.as_str(), part.shape.to_string(), part.absent)).collect();
    let expected = [
        ("count", "optional u8", true),
        ("id", "u64", false),
        ("in-stock", "boolean", true),
        ("note", "optional text", true),
        ("price", "i64", false),
    ];
    assert_eq!(found, expected.map(|(name, shape, absent)| (name, shape.to_owned(), absent)));
}

#[derive(Serialize, Deserialize)]
enum Payment {
    Cash,
    Card { number: String, of: Owner },
    Transfer(Option<Bank>),
    Split(u8, Box<Payment>),
}

#[derive(Serialize, Deserialize)]
enum Owner {
    Me,
    Other(String),
}

#[derive(Serialize, Deserialize)]
enum Bank {
    Known { id: u32 },
    Foreign,
}

#[test]
fn an_enum_has_all_variants_also_inside_of_others() {
    let traced = Shape::of::<Vec<Payment>>();
    let Body::Enum(variants) = body(&traced, "Payment") else { panic!("an enum") };
    assert_eq!(variants.keys().collect::<Vec<_>>(), ["Card", "Cash", "Split", "Transfer"]);
    assert_eq!(variants["Cash"], Shape::Null);
    assert!(
        matches!(&variants["Split"], Shape::Tuple(items) if matches!(items[..], [Shape::U8, Shape::Type(_)]))
    );
    let Body::Struct(card) = body(&traced, "Payment.Card") else { panic!("a struct") };
    assert_eq!((card.len(), &card["number"].shape), (2, &Shape::Text));
    for (name, count) in [("Owner", 2), ("Bank", 2)] {
        assert!(matches!(body(&traced, name), Body::Enum(variants) if variants.len() == count), "{name}");
    }
    let Body::Struct(known) = body(&traced, "Bank.Known") else { panic!("a struct") };
    assert_eq!((&known["id"].shape, known["id"].absent), (&Shape::U32, false));
}

#[derive(Serialize, Deserialize)]
struct Tree {
    name: String,
    below: Vec<Tree>,
    beside: Option<Box<Tree>>,
    by_name: BTreeMap<String, Tree>,
}

#[derive(Serialize, Deserialize)]
enum Term {
    Sum(Box<Term>, Box<Term>),
    Negative { of: Box<Term> },
    Number(f64),
}

#[test]
fn a_type_that_holds_itself_ends() {
    let parts = parts::<Tree>("Tree");
    assert_eq!(parts.len(), 4);
    assert!(matches!(&parts["below"].shape, Shape::List(item) if matches!(**item, Shape::Type(_))));
    let traced = Shape::of::<Term>();
    let Body::Enum(variants) = body(&traced, "Term") else { panic!("an enum") };
    assert_eq!((variants.len(), &variants["Number"]), (3, &Shape::Number));
}

mod first {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(super) struct Item {
        id: String,
    }
}

#[derive(Serialize, Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[test]
fn two_types_of_one_name_are_two_types() {
    let traced = Shape::of::<(Page<u32>, Page<String>, first::Item, Item)>();
    assert_eq!(traced.names.values().filter(|name| *name == "Page").count(), 2);
    assert_eq!(traced.names.values().filter(|name| *name == "Item").count(), 2);
    assert_eq!(lost::<Page<u32>, Page<u64>>(), [""; 0]);
    assert_eq!(lost::<Page<u32>, Page<u16>>(), ["it, `items`, in each item was u32 and is u16"]);
}

#[derive(Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Email(String);

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.contains('@').then_some(Email(text)).ok_or("not an address")
    }
}

impl From<Email> for String {
    fn from(Email(text): Email) -> String {
        text
    }
}

#[derive(Serialize, Deserialize)]
struct Contact {
    name: String,
    mail: Email,
    born: chrono::NaiveDate,
}

#[test]
fn a_type_that_checks_its_text_is_found_among_others() {
    let parts = parts::<Option<Contact>>("Contact");
    assert_eq!(parts["name"].shape, Shape::Text);
    assert_eq!(parts["mail"].shape, parsed("e-mail"));
    assert_eq!(parts["born"].shape, parsed("date"));
}

#[derive(Serialize, Deserialize)]
struct Flattened {
    id: u64,
    #[serde(flatten)]
    item: first::Item,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Book { pages: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Impossible;

impl TryFrom<u8> for Impossible {
    type Error = &'static str;

    fn try_from(_: u8) -> Result<Self, Self::Error> {
        Err("never")
    }
}

#[test]
fn a_type_that_does_not_say_what_it_reads_is_known_by_its_rust_name() {
    for (shape, name) in [
        (shape::<Flattened>(), "Flattened"),
        (shape::<Option<Tagged>>(), "Option"),
        (shape::<Impossible>(), "Impossible"),
    ] {
        assert!(matches!(&shape, Shape::Rust(rust) if rust.contains(name)), "{shape}");
    }
    let Shape::List(item) = shape::<Vec<Untagged>>() else { panic!("a list") };
    assert!(matches!(&*item, Shape::Rust(rust) if rust.contains("Untagged")), "{item}");
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Renamed {
    #[serde(rename = "identity", alias = "id", alias = "a_number")]
    id: u64,
    #[serde(default)]
    size: Option<u64>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Before {
    id: u32,
}

#[test]
fn a_field_with_an_alias_reads_what_was_stored_under_it() {
    let parts = parts::<Renamed>("Renamed");
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["identity", "size"]);
    assert_eq!(parts["identity"].aliases, ["id", "a_number"]);
    assert!(!parts["identity"].absent && parts["size"].absent);
    assert_eq!(lost::<Before, Renamed>(), [""; 0]);
    assert_eq!(lost::<Renamed, Before>().len(), 3, "{:?}", lost::<Renamed, Before>());
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Colours {
    Red,
    Green,
    Mixed(u8, u8, u8),
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Paints {
    Red,
    Mixed(u8, u8),
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Lights {
    Red,
    Green,
}

#[test]
fn what_reads_everything_that_was_stored_loses_nothing() {
    let none = [""; 0];
    assert_eq!(lost::<i32, i64>(), none);
    assert_eq!(lost::<u8, i16>(), none);
    assert_eq!(lost::<u64, f64>(), none);
    assert_eq!(lost::<u32, Option<u64>>(), none);
    assert_eq!(lost::<(u8, u16), Vec<u32>>(), none);
    assert_eq!(lost::<char, String>(), none);
    assert_eq!(lost::<IpAddr, String>(), none);
    assert_eq!(lost::<Ipv4Addr, IpAddr>(), none);
    assert_eq!(lost::<BTreeMap<u8, String>, HashMap<String, String>>(), none);
    assert_eq!(lost::<first::Item, BTreeMap<String, String>>(), none);
    assert_eq!(lost::<Lights, Colours>(), none);
    assert_eq!(lost::<Lights, String>(), none);
    assert_eq!(lost::<Item, Value>(), none);
    assert_eq!(lost::<DateTime, chrono::DateTime<chrono::Utc>>(), none);
    assert_eq!(lost::<Tree, Tree>(), none);
}

#[test]
fn what_reads_less_than_was_stored_says_where() {
    assert_eq!(lost::<i64, i32>(), ["it was i64 and is i32"]);
    assert_eq!(lost::<i8, u64>(), ["it was i8 and is u64"]);
    assert_eq!(lost::<f64, u64>(), ["it was number and is u64"]);
    assert_eq!(lost::<Option<u8>, u8>(), ["it was optional u8 and is u8"]);
    assert_eq!(lost::<String, IpAddr>(), ["it was text and is text of the kind `address`"]);
    let narrower = "it was text of the kind `address` and is text of the kind `IPv4 address`";
    assert_eq!(lost::<IpAddr, Ipv4Addr>(), [narrower]);
    assert_eq!(lost::<DateTime, String>(), ["it was date and time and is text"]);
    assert_eq!(lost::<Vec<u8>, [u8; 2]>(), ["it was bytes and is tuple of (u8, u8)"]);
    assert_eq!(
        lost::<HashMap<String, Vec<u8>>, HashMap<u8, u8>>(),
        ["it, in each key was text and is u8", "it, in each value was bytes and is u8"]
    );
    assert_eq!(
        lost::<Colours, Paints>(),
        [
            "it, the variant `Green` is gone",
            "it, variant `Mixed` was tuple of (u8, u8, u8) and is tuple of (u8, u8)"
        ]
    );
    assert_eq!(
        lost::<Item, first::Item>(),
        [
            "it, `count` was optional u8 and is gone",
            "it, `id` was u64 and is text",
            "it, `in-stock` was boolean and is gone",
            "it, `note` was optional text and is gone",
            "it, `price` was i64 and is gone",
        ]
    );
    assert_eq!(
        lost::<first::Item, Contact>(),
        [
            "it, `id` was text and is gone",
            "it, `born` is required, and not in everything that is stored: write `#[serde(default)]`",
            "it, `mail` is required, and not in everything that is stored: write `#[serde(default)]`",
            "it, `name` is required, and not in everything that is stored: write `#[serde(default)]`",
        ]
    );
}
