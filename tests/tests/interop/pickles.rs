//! Pickles of the real CPython, and a session that an older Flask-Session left in Redis as one.

use std::collections::BTreeMap;
use std::time::Duration;

use rocket_session_state_core::codec::pickle;
use serde_json::{Value, json};
use session_tests::budget;
use session_tests::flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::scenario::bytes;
use session_tests::typed_value::{from_json, to_json};

use crate::pair::{Settings, perform};

/// Random plain data in protocols 0 to 5, shared objects and all; pickles that need a global; and damaged ones,
/// where everything that is read here is what Python reads.
#[test]
fn what_is_read_of_a_pickle_is_what_cpython_reads() {
    let (seed, count) = (budget::amount("SEED", 1, 1), budget::amount("STEPS", 300, 3000));
    let printed = flask::script("pickles.py", &[seed.to_string(), count.to_string()]);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for line in printed.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let data = bytes(case["pickle"].as_str().unwrap());
        let read = pickle::decode(&data).map(|value| to_json(&value)).map_err(|error| error.to_string());
        let expected = from_json(&case["value"]).map(|value| to_json(&value)).expect("a typed value");
        let shown = || format!("seed {seed}: {}: {case}", data.escape_ascii());
        let kind = match (case["kind"].as_str().unwrap(), read) {
            ("whole", read) => {
                assert_eq!(read.as_ref(), Ok(&expected), "{}", shown());
                "whole"
            }
            ("global", read) => {
                let error = read.expect_err(&shown());
                assert!(error.contains("asks for"), "{error}: {}", shown());
                "global"
            }
            (_, Err(_)) => "damaged, refused",
            // A `str` of Python 2 that is not ASCII is bytes here, and a large number in the memo costs nothing.
            (_, Ok(_)) if case["error"] == "UnicodeDecodeError" || case["error"] == "MemoryError" => {
                "damaged, read here only"
            }
            (_, Ok(read)) => {
                assert!(case["error"].is_null(), "{}", shown());
                // Python may tell the items of a set in another order than the pickle.
                let ordered = !case["value"].to_string().contains("$set");
                assert!(!ordered || read == expected, "read {read}\n{}", shown());
                "damaged, read"
            }
        };
        *seen.entry(kind).or_default() += 1;
    }
    assert_eq!(seen["whole"] + seen["global"], 6 * count, "every value in every protocol: {seen:?}");
    assert!(seen["whole"] > count && seen["damaged, read"] > count / 2, "{seen:?}");
}

#[test]
fn a_session_that_an_older_flask_session_pickled_stays_logged_in_here_and_there() {
    // pickle.dumps({"_permanent": True, "username": "游客", "cart": [1, (2, None)]}, 4)
    let pickled = b"\x80\x04\x959\0\0\0\0\0\0\0}\x94(\x8c\n_permanent\x94\x88\x8c\x08username\x94\x8c\x06\xe6\xb8\xb8\xe5\xae\xa2\
                    \x94\x8c\x04cart\x94]\x94(K\x01K\x02N\x86\x94eu.";
    let redis = Redis::start();
    for format in ["msgpack", "json"] {
        redis.clear();
        let id = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF";
        let key = format!("session:{id}");
        redis.set(&key, pickled, Duration::from_secs(1000));
        let pair = Settings::records(&redis, format, false).start();
        let jar = Jar::default();
        jar.put("session", id);
        let [ours, flask] = pair.visitors(&jar);
        let seen = perform(&ours, &json!([["get", "username"], ["get", "cart"]]));
        assert_eq!(seen, json!(["游客", [1, [2, null]]]), "{}", pair.ours.output());
        assert_eq!(redis.get(&key).as_deref(), Some(&pickled[..]), "a read does not write");
        perform(&ours, &json!([["append", "cart", 3]]));
        let expected: &[u8] = match format {
            "json" => r#"{"_permanent":true,"username":"游客","cart":[1,[2,null],3]}"#.as_bytes(),
            _ => b"\x83\xaa_permanent\xc3\xa8username\xa6\xe6\xb8\xb8\xe5\xae\xa2\xa4cart\x93\x01\x92\x02\xc0\x03",
        };
        assert_eq!(redis.get(&key).as_deref(), Some(expected), "{}", pair.ours.output());
        assert_eq!(perform(&flask, &json!([["get", "username"]])), json!(["游客"]));
    }
}
