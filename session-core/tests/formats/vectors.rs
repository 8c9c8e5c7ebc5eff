//! Every vector of the real libraries that is about formats.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use rocket_session_state_core::codec::{DecodeError, Format, RawKey, Record};
use rocket_session_state_core::value::Value;
use serde_json::Value as Json;

use crate::typed::{from_typed, to_typed};

/// Vectors that upstream accepts and we do not, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("dev-record_msgpack-036", "a date, time or duration alone has no kind of value: Rust stores its text"),
    ("dev-record_json-024", "as above"),
    ("dev-flask_cookie-034", "as above; Flask stores it as a text in another form"),
    ("dev-flask_cookie-144", "HTML text made from a number"),
];

/// Records in pickle, which the feature of that name reads.
const PICKLE: std::ops::RangeInclusive<&str> = "dev-record_decode-005"..="dev-record_decode-009";

static FILE: LazyLock<Json> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/flask-vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
});

pub(crate) fn vectors(kind: &str) -> Vec<&'static Json> {
    let all = FILE["vectors"].as_array().unwrap().iter();
    let found: Vec<&Json> = all.filter(|vector| vector["kind"] == kind).collect();
    assert_eq!(Some(found.len() as u64), FILE["counts"][kind].as_u64(), "every {kind} vector was read");
    found
}

/// Runs `check` on each vector and compares the failures with the list of what is refused.
pub(crate) fn check(kind: &str, check: impl Fn(&Json) -> Result<(), String>) {
    let mut failed = BTreeMap::new();
    let mut marked = Vec::new();
    for vector in vectors(kind) {
        let id = vector["id"].as_str().unwrap().to_owned();
        if vector["lenient"] == true || vector["exotic"] == true {
            marked.push(id.clone());
        }
        if let Err(reason) = check(vector) {
            failed.insert(id, format!("{}: {reason}", vector["note"]));
        }
    }
    let prefix = format!("dev-{kind}-");
    for (id, reason) in REFUSED.iter().filter(|(id, _)| id.starts_with(&prefix)) {
        assert!(failed.remove(*id).is_some(), "{id} is listed as refused ({reason}), but passes");
        assert!(marked.iter().any(|marked| marked == id), "{id} is refused, but neither lenient nor exotic");
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

pub(crate) fn same(found: &Value, expected: &Json) -> Result<(), String> {
    let (found, expected) = (to_typed(found), to_typed(&from_typed(expected)?));
    if found == expected { Ok(()) } else { Err(format!("expected {expected}, found {found}")) }
}

/// All of a record, decoded.
pub(crate) fn load(record: &Record) -> Result<Value, DecodeError> {
    let pair = |(key, value): (RawKey<'_>, &[u8])| {
        let key = match key {
            RawKey::Text(text) => Value::Str(text.to_owned()),
            RawKey::Other(raw) => record.format().decode(raw)?,
        };
        Ok((key, record.format().decode(value)?))
    };
    record.entries().map(pair).collect::<Result<_, _>>().map(Value::Map)
}

fn written(format: Format, vector: &Json) -> Result<(), String> {
    if vector["session"].is_null() {
        return Ok(()); // an object that no value here can be
    }
    let session = from_typed(&vector["session"])?;
    let encoded = format.encode(&session);
    let Some(bytes) = vector["bytes"].as_str() else {
        return encoded.map_or(Ok(()), |_| Err("was not refused".to_owned()));
    };
    let bytes = STANDARD.decode(bytes).unwrap();
    let encoded = encoded.map_err(|error| error.to_string())?;
    if encoded != bytes {
        return Err(format!("wrote {:?}", String::from_utf8_lossy(&encoded)));
    }
    same(&format.decode(&bytes).unwrap(), &vector["loaded"])?;
    let record = Record::parse(format, bytes.clone().into()).unwrap();
    same(&load(&record).unwrap(), &vector["loaded"])?;
    let entries: Vec<_> = record.entries().collect();
    if format.join(&entries) == bytes { Ok(()) } else { Err("joined to something else".to_owned()) }
}

#[test]
fn msgpack_records_are_those_of_msgspec() {
    check("record_msgpack", |vector| written(Format::Msgpack, vector));
}

#[test]
fn json_records_are_those_of_msgspec() {
    check("record_json", |vector| written(Format::Json, vector));
}

#[test]
fn stored_records_load_as_in_flask_session() {
    check("record_decode", |vector| {
        let bytes = Bytes::from(STANDARD.decode(vector["bytes"].as_str().unwrap()).unwrap());
        let configured = if vector["configured"] == "json" { Format::Json } else { Format::Msgpack };
        let read =
            Record::read(configured, bytes).and_then(|record| record.map(|record| load(&record)).transpose());
        match (vector["result"].as_str().unwrap(), read) {
            ("loaded", Ok(Some(loaded))) => same(&loaded, &vector["loaded"]),
            ("new_session", Ok(None)) | ("error", Err(_)) => Ok(()),
            ("loaded", Err(error))
                if cfg!(not(feature = "pickle")) && PICKLE.contains(&vector["id"].as_str().unwrap()) =>
            {
                assert!(error.to_string().contains("the cargo feature `pickle`"), "{error}");
                Ok(())
            }
            (expected, read) => Err(format!("expected {expected}, found {read:?}")),
        }
    });
}

#[test]
fn cookie_contents_are_those_of_flask() {
    check("flask_cookie", |vector| {
        if vector["encode"] == true {
            let json = vector["json"].as_str().unwrap();
            let encoded = Format::TaggedJson.encode(&from_typed(&vector["session"])?);
            let encoded = String::from_utf8(encoded.map_err(|error| error.to_string())?).unwrap();
            if encoded != json {
                return Err(format!("wrote {encoded}"));
            }
            let record = Record::parse(Format::TaggedJson, json.to_owned().into()).unwrap();
            let entries: Vec<_> = record.entries().collect();
            if Format::TaggedJson.join(&entries) != json.as_bytes() {
                return Err("joined to something else".to_owned());
            }
            if vector["flask_result"] != "session" {
                return Ok(()); // what it loads as is about signatures and times
            }
            same(&Format::TaggedJson.decode(json.as_bytes()).unwrap(), &vector["loaded"])
        } else {
            let payload = vector["cookie"].as_str().unwrap().split('.').next().unwrap();
            let decoded = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('='));
            let (false, Ok(json)) = (payload.is_empty(), decoded) else { return Ok(()) };
            let loaded = Record::parse(Format::TaggedJson, json.into()).and_then(|record| load(&record));
            match (vector["flask_result"].as_str().unwrap(), loaded) {
                ("session", Ok(loaded)) => same(&loaded, &vector["loaded"]),
                ("session", Err(error)) => Err(format!("refused: {error}")),
                ("error", Ok(loaded)) if vector["reason"].is_null() => {
                    Err(format!("was not refused: {}", to_typed(&loaded)))
                }
                _ => Ok(()),
            }
        }
    });
}
