//! Properties of the types that applications declare.

use std::collections::{BTreeMap, HashMap};

use rocket_session_state_core::value::{
    Bytes, DateTime, MAX_DEPTH, Markup, Uuid, Value, from_value, to_value,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::FORMATS;
use crate::value::depth;

/// A session as an application declares it: one field of each form that serde knows.
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Visit {
    user: Option<String>,
    views: u32,
    cart: Vec<Item>,
    theme: Theme,
    photo: Vec<u8>,
    initial: Option<char>,
    seen: HashMap<u64, bool>,
    pair: (i8, Box<str>),
    inner: Option<Box<Visit>>,
    nothing: (),
    key: Bytes,
    page: Markup,
    id: Option<Uuid>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Item {
    id: Number,
    count: i128,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Number(u64);

#[derive(PartialEq, Default, Serialize, Deserialize)]
enum Theme {
    #[default]
    Light,
    Named(String),
    Mixed(u8, u8, u8),
    Own {
        dark: bool,
    },
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Flag(bool),
    List(Vec<Either>),
    Map(BTreeMap<String, Either>),
}

/// Reads the value into each of several types; what one of them accepts has to survive a save.
pub(crate) fn check(value: &Value) {
    survives::<Visit>(value);
    survives::<Item>(value);
    survives::<Theme>(value);
    survives::<Either>(value);
    survives::<String>(value);
    survives::<Vec<u8>>(value);
    survives::<u128>(value);
    survives::<HashMap<String, Vec<u8>>>(value);
    survives::<BTreeMap<i64, Option<bool>>>(value);
    survives::<(Option<char>, Vec<i16>)>(value);
    // Their precision differs between the formats, and not every float is in each of them.
    let _ = from_value::<DateTime>(value.clone());
    let _ = from_value::<Vec<f64>>(value.clone());
}

fn survives<T: Serialize + DeserializeOwned + PartialEq>(value: &Value) {
    let Ok(typed) = from_value::<T>(value.clone()) else { return };
    let written = match to_value(&typed) {
        Ok(written) => written,
        // Bytes that are read as a list of numbers take one level more.
        Err(_) => return assert_eq!(depth(value), MAX_DEPTH, "what was read can't be written"),
    };
    assert!(from_value(written.clone()).as_ref() == Ok(&typed), "a typed value changed");
    for format in FORMATS {
        if let Ok(bytes) = format.encode(&written) {
            let back = format.decode(&bytes).expect("a format reads what it writes");
            assert!(from_value(back).as_ref() == Ok(&typed), "a typed value changed in {format}");
        }
    }
}
