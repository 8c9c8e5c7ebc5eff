//! Keys that Rust does not know survive everything that Rust saves beside them.

use std::time::Duration;

use serde_json::{Value, json};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use crate::pair::{Settings, perform};
use crate::payload::payload;

const SAVES: i64 = 100;

/// Every type at its edges, in one map.
fn everything() -> Value {
    json!({ "$dict": [
        ["nothing", null],
        ["wide", [{ "$int": "18446744073709551615" }, { "$int": "-9223372036854775808" }, 4_294_967_296_i64]],
        ["floats", [{ "$float": "1.0" }, { "$float": "-0.0" }, { "$float": "1e-06" }, { "$float": "1e+22" }]],
        ["text", "游客 😀 \" \\ \u{0}\u{7f}"],
        ["bytes", { "$bytes": "AP8=" }],
        ["nested", { "$dict": [["a", { "$dict": [["b", [[[]], { "$dict": [] }]]] }]] }],
        ["tuple", { "$tuple": [1, "two"] }],
        ["aware", { "$datetime": "2600-01-02T03:04:05.678901+02:00" }],
        ["naive", { "$datetime": "2024-01-02T03:04:05" }],
        ["uuid", { "$uuid": "12345678-1234-5678-1234-567812345678" }],
    ] })
}

/// Flask stores `unknown`, Rust saves a hundred times, and at the end Flask finds what it stored.
///
/// `whole` gives all bytes of the session. The counter that Rust adds is last in them.
fn survives(settings: Settings<'_>, unknown: &Value, whole: impl Fn(&Jar) -> Vec<u8>) {
    let pair = settings.start();
    let jar = Jar::default();
    let [ours, flask] = pair.visitors(&jar);
    perform(&flask, &json!([["update", unknown]]));
    let before = perform(&flask, &json!([["dump"]]));
    let bytes = whole(&jar);

    for count in 1..=SAVES {
        assert_eq!(ours.get("/count").send().text(), count.to_string());
        let now = whole(&jar);
        // JSON closes its map, and msgpack begins with the number of keys.
        let kept = if now.starts_with(b"{") { 0..bytes.len() - 1 } else { 1..bytes.len() };
        assert_eq!(now[kept.clone()].escape_ascii().to_string(), bytes[kept].escape_ascii().to_string());
    }
    let after = perform(&flask, &json!([["pop", "counter"], ["dump"]]));
    assert_eq!(after, json!([SAVES, before[0]]));
}

fn record(redis: &Redis) -> Vec<u8> {
    let keys = redis.keys();
    assert_eq!(keys.len(), 1, "one record, never under a new id");
    redis.get(&keys[0]).expect("the record")
}

#[test]
fn keys_of_a_msgpack_record_that_rust_does_not_know_survive_a_hundred_saves_byte_for_byte() {
    let redis = Redis::start();
    let mut unknown = everything();
    let entries = unknown["$dict"].as_array_mut().unwrap();
    entries.push(json!(["extension", { "$ext": [5, "AQID"] }]));
    // Keys that are not text, which Rust code can't name.
    entries.push(json!([{ "$int": "9007199254740993" }, { "$dict": [[1, "one"], [-1, null]] }]));
    entries.push(json!([{ "$bytes": "/w==" }, "bytes"]));
    survives(Settings::records(&redis, "msgpack", true), &unknown, |_| record(&redis));
}

#[test]
fn keys_of_a_json_record_that_rust_does_not_know_survive_a_hundred_saves_byte_for_byte() {
    let redis = Redis::start();
    survives(Settings::records(&redis, "json", false), &everything(), |_| record(&redis));
}

#[test]
fn keys_of_a_cookie_that_rust_does_not_know_survive_a_hundred_saves_byte_for_byte() {
    // A cookie is sorted: these come before `counter`.
    let known_to_python = json!({ "$dict": [["a", everything()], ["b", { "$markup": "<b>" }], ["c", { "$dict": [[" t", 1]] }]] });
    survives(Settings::cookie(), &known_to_python, |jar| payload(&jar.get("session").expect("a cookie")));
}

#[test]
fn bytes_that_msgspec_would_write_otherwise_survive_too() {
    let redis = Redis::start();
    let pair = Settings::records(&redis, "msgpack", false).start();
    let id = "A".repeat(43);
    // {"_permanent": true, "i": 1 as int64, "f": 0.5 as float32, "s": "x" as str32, "m": {} as map32}
    let wide = b"\x85\xaa_permanent\xc3\xa1i\xd3\0\0\0\0\0\0\0\x01\xa1f\xca?\0\0\0\xa1s\xdb\0\0\0\x01x\xa1m\xdf\0\0\0\0";
    redis.set(&format!("session:{id}"), wide, Duration::from_secs(1000));
    let jar = Jar::default();
    jar.put("session", &id);
    let ours = Client::with_jar(&pair.ours.url(), &jar);
    for _ in 0..SAVES {
        ours.get("/count").send();
        assert_eq!(record(&redis)[1..wide.len()], wide[1..]);
    }
    let [_, flask] = pair.visitors(&jar);
    let seen = perform(&flask, &json!([["get", "i"], ["get", "f"], ["get", "s"], ["get", "m"]]));
    assert_eq!(seen, json!([1, { "$float": "0.5" }, "x", { "$dict": [] }]));
}
