//! The probe and the real Flask-Session on the same session files.

use std::fs;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::codec::{Format, pickle};
use serde_json::{Value, json};
use session_tests::budget;
use session_tests::flask;
use session_tests::jar::Jar;
use session_tests::scenario::bytes;
use session_tests::storage::{Files, Fixture};
use session_tests::typed_value::{from_json, to_json};
use tempfile::NamedTempFile;

use crate::fuzz::{Random, any_pickled};
use crate::pair::{Settings, perform};
use crate::probe::a_login_at_either_side_is_a_login_at_the_other;

fn settings(files: &Files) -> Settings<'_> {
    Settings::records_in(files, "msgpack", false)
}

#[test]
fn a_session_in_a_file_is_one_for_both_sides() {
    let files = Files::new();
    for use_signer in [false, true] {
        let pair = Settings { use_signer, ..settings(&files) }.start();
        a_login_at_either_side_is_a_login_at_the_other(&pair);
        assert_eq!(files.keys(), [""; 0], "the last visitor has logged out");
    }
}

#[test]
fn what_flask_stores_in_a_file_keeps_its_type_when_another_value_changes_here() {
    let files = Files::new();
    let pair = settings(&files).start();
    let jar = Jar::default();
    let [ours, theirs] = pair.visitors(&jar);
    let shared = json!({ "$tuple": [1, { "$float": "1.0" }, "one"] });
    let values = [
        ("tuple", shared.clone()),
        ("list", json!([shared, shared])),
        ("set", json!({ "$set": ["a"] })),
        ("bytes", json!({ "$bytes": "AP8=" })),
        ("large", json!({ "$int": "123456789012345678901234567890123456789012345678901234567890" })),
        ("keys", json!({ "$dict": [[1, "one"], [{ "$tuple": [1, 2] }, { "$dict": [] }]] })),
        ("aware", json!({ "$datetime": "2024-01-02T03:04:05.000006+02:00" })),
        ("utc", json!({ "$datetime": "2024-01-02T03:04:05+00:00" })),
        ("naive", json!({ "$datetime": "2024-01-02T03:04:05" })),
        ("id", json!({ "$uuid": "ffffffff-9dad-11d1-80b4-00c04fd430c8" })),
        ("html", json!({ "$markup": "<b>" })),
        ("nothing", Value::Null),
    ];
    let set: Vec<Value> = values.iter().map(|(key, value)| json!(["set", key, value])).collect();
    perform(&theirs, &json!(set));
    let before = perform(&theirs, &json!([["dump"]]));
    for round in 0..3 {
        perform(&ours, &json!([["set", "mine", round]]));
        let after = perform(&theirs, &json!([["dump"]]));
        let kept: Vec<&Value> =
            after[0]["$dict"].as_array().unwrap().iter().filter(|pair| pair[0] != "mine").collect();
        assert_eq!(json!([{ "$dict": kept }]), before, "{}", pair.ours.output());
        assert_eq!(perform(&ours, &json!([["get", "aware"]])), json!([values[6].1]));
    }
    // And what is written here is of Python's own types there.
    let set: Vec<Value> = values
        .iter()
        .filter(|(key, _)| *key != "set")
        .map(|(key, value)| json!(["set", key, value]))
        .collect();
    perform(&ours, &json!(set));
    let after = perform(&theirs, &json!([["dump"]]));
    let kept: Vec<&Value> =
        after[0]["$dict"].as_array().unwrap().iter().filter(|pair| pair[0] != "mine").collect();
    assert_eq!(json!([{ "$dict": kept }]), before, "{}", pair.ours.output());
}

#[test]
fn a_class_that_is_not_known_here_is_named_in_the_log_and_costs_flask_nothing() {
    let files = Files::new();
    let pair = settings(&files).start();
    let jar = Jar::default();
    let [ours, theirs] = pair.visitors(&jar);
    perform(&theirs, &json!([["set", "price", { "$decimal": "1.50" }]]));
    let key = format!("session:{}", jar.get("session").unwrap());
    let before = fs::read(files.file(&key)).unwrap();
    assert_eq!(perform(&ours, &json!([["get", "price"]])), json!([null]));
    let log = pair.ours.output();
    assert!(log.contains("`decimal.Decimal`") && !log.contains("1.50"), "{log}");
    assert_eq!(fs::read(files.file(&key)).unwrap()[4..], before[4..], "it stays for Flask");
    assert_eq!(perform(&theirs, &json!([["get", "price"]])), json!([{ "$decimal": "1.50" }]));
}

#[test]
fn an_unreadable_file_is_a_new_session_here_as_there() {
    let files = Files::new();
    let pair = settings(&files).start();
    for content in [&b""[..], b"\0\0\0", b"\0\0\0\0", b"\0\0\0\0garbage"] {
        for visitor in [0, 1] {
            let jar = Jar::default();
            let visitors = pair.visitors(&jar);
            perform(&visitors[visitor], &json!([["set", "k", "v"]]));
            let id = jar.get("session").unwrap();
            fs::write(files.file(&format!("session:{id}")), content).unwrap();
            assert_eq!(perform(&visitors[visitor], &json!([["get", "k"]])), json!([null]), "{content:?}");
            perform(&visitors[visitor], &json!([["set", "k", "w"]]));
            assert_ne!(jar.get("session").unwrap(), id, "{content:?}: a new session has a new id");
        }
    }
}

#[test]
fn what_is_pickled_here_is_the_same_to_cpython_and_back() {
    let (seed, count) = (budget::amount("SEED", 1, 1), budget::amount("STEPS", 500, 5000));
    let mut random = Random::new(seed);
    let values: Vec<Value> = (0..count).map(|_| any_pickled(&mut random)).collect();
    let mut lines = NamedTempFile::new().unwrap();
    for value in &values {
        let encoded = Format::Pickle.encode(&from_json(value).unwrap()).unwrap();
        let whole = [b"\x80\x05", encoded.as_slice(), b"."].concat();
        writeln!(lines, "{}", STANDARD.encode(whole)).unwrap();
    }
    lines.flush().unwrap();
    let printed = flask::script("unpickle.py", &[lines.path().display().to_string()]);
    assert_eq!(printed.lines().count(), values.len());
    for (line, value) in printed.lines().zip(&values) {
        let read: Value = serde_json::from_str(line).unwrap();
        // Both spell numbers and dates in their own way.
        let same = |typed: &Value| to_json(&from_json(typed).expect("a typed value"));
        assert_eq!(same(&read["value"]), same(value), "seed {seed}");
        for again in read["again"].as_array().unwrap() {
            let decoded = pickle::decode(&bytes(again.as_str().unwrap())).unwrap();
            assert_eq!(to_json(&decoded), same(value), "seed {seed}");
        }
    }
}
