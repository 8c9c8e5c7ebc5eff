//! The layout of sessions in a file.

use std::fs;
use std::net::IpAddr;
use std::panic;
use std::path::Path;

use rocket_session_state::merge::{Number as _, Refused};
use rocket_session_state::{FieldError, session_state, testing, value};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq)]
struct Item {
    id: value::Uuid,
    from: IpAddr,
    size: Size,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq)]
enum Size {
    Small,
    Other { centimetres: u16 },
}

/// Serde keeps its value until it knows which variant fits: so nobody is told what it reads.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Colour {
    Name(String),
    Parts(u8, u8, u8),
}

#[session_state]
struct Visit {
    #[session(login, listed)]
    username: Option<String>,
    #[session(merge = "add")]
    views: u32,
    #[session(merge = "union")]
    cart: Vec<Item>,
    #[session(key = "lang", default = "en".into())]
    language: String,
    #[session(merge = sum)]
    points: Option<i64>,
    since: Result<value::DateTime, FieldError>,
    colour: Option<Colour>,
}

#[session_state]
struct Admin {
    #[session(login)]
    username: Option<String>,
    views: u32,
    notes: std::collections::HashMap<u8, value::Value>,
}

fn sum(base: Option<i64>, mine: Option<i64>, theirs: Option<i64>) -> Result<Option<i64>, Refused> {
    Ok(Some(theirs.unwrap_or(0).moved(base.unwrap_or(0), mine.unwrap_or(0))))
}

/// The Python package makes its types of the same file.
const LAYOUT: &str = include_str!("session-layout.json");

/// What the test says of a file with this text, if it fails.
fn outcome(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session-layout.json");
    fs::write(&path, text).unwrap();
    let checked = check(&path);
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing is written");
    checked
}

fn check(path: &Path) -> Result<(), String> {
    panic::catch_unwind(|| testing::check_layout::<(Visit, Admin)>(path))
        .map_err(|panic| *panic.downcast::<String>().expect("a text"))
}

#[test]
fn a_layout_tells_all_fields_of_all_states() {
    assert_eq!(outcome(LAYOUT), Ok(()));
}

#[test]
fn a_field_that_was_removed_fails_the_test_by_its_name() {
    let line = "    \"cart\": ";
    let with_one_more = LAYOUT
        .replace(line, &format!("    \"basket\": {{\"type\": \"bytes\", \"merge\": \"last\"}},\n{line}"));
    let reason = outcome(&with_one_more).unwrap_err();
    assert!(reason.contains("\n- `basket` was bytes and is gone"), "{reason}");
    assert!(reason.contains("SESSION_LAYOUT=update"), "{reason}");
}

#[test]
fn a_change_inside_of_a_field_fails_the_test_by_its_place() {
    let other = LAYOUT.replace(r#""centimetres": {"type": "u16"}"#, r#""centimetres": {"type": "u32"}"#);
    let reason = outcome(&other).unwrap_err();
    assert!(
        reason.contains("- `cart`, in each item, `size`, variant `Other`, `centimetres` was u32 and is u16"),
        "{reason}"
    );
}
