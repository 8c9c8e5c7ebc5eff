//! Reading `flask-vectors.json`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::signing::Invalid;
use serde_json::Value;
use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

/// All vectors of a kind; fails if the file's own count is another.
pub(crate) fn vectors(kind: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/flask-vectors.json");
    let mut file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let Value::Array(all) = file["vectors"].take() else { panic!("no vectors") };
    let of_kind: Vec<_> = all.into_iter().filter(|vector| vector["kind"] == kind).collect();
    assert_eq!(file["counts"][kind], of_kind.len());
    of_kind
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

/// A secret key: text or `$bytes`.
pub(crate) fn key(value: &Value) -> Vec<u8> {
    match value["$bytes"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => value.as_str().unwrap().as_bytes().to_vec(),
    }
}

/// A moment: whole seconds since 1970, `$float` or `$datetime`.
pub(crate) fn moment(value: &Value) -> SystemTime {
    if let Some(seconds) = value.as_u64() {
        UNIX_EPOCH + Duration::from_secs(seconds)
    } else if let Some(seconds) = value["$float"].as_str() {
        UNIX_EPOCH + Duration::from_secs_f64(seconds.parse().unwrap())
    } else {
        datetime(text(value, "$datetime"))
    }
}

/// `2024-01-02T03:04:05.678901`, with or without `+08:00`.
fn datetime(iso: &str) -> SystemTime {
    let number = |range: std::ops::Range<usize>| iso[range].parse::<u32>().unwrap();
    let pair = |start| u8::try_from(number(start..start + 2)).unwrap();
    let year = i32::try_from(number(0..4)).unwrap();
    let date = Date::from_calendar_date(year, Month::try_from(pair(5)).unwrap(), pair(8)).unwrap();
    let time = Time::from_hms_micro(pair(11), pair(14), pair(17), number(20..26)).unwrap();
    let hours_east = iso.get(26..29).map_or(0, |hours| hours.parse().unwrap());
    PrimitiveDateTime::new(date, time).assume_offset(UtcOffset::from_hms(hours_east, 0, 0).unwrap()).into()
}

/// The name of a reason, as the vectors spell it.
pub(crate) fn reason_name(reason: Invalid) -> String {
    let words = format!("{reason:?}");
    let letters = words.char_indices().flat_map(|(at, letter)| {
        let gap = (at > 0 && letter.is_ascii_uppercase()).then_some('_');
        gap.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}
