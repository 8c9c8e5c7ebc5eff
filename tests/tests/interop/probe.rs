//! The probe and the real Flask, in turns on the same session.

use serde_json::json;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::Storage;

use crate::pair::{Pair, Settings, perform};

/// Each side logs a visitor in whom the other then knows, changes and shows to the first again.
pub(crate) fn a_login_at_either_side_is_a_login_at_the_other(pair: &Pair) {
    let jar = Jar::default();
    for [first, second] in [pair.visitors(&jar), {
        pair.visitors(&jar).into_iter().rev().collect::<Vec<_>>().try_into().ok().unwrap()
    }] {
        jar.clear();
        perform(&first, &json!([["set", "username", "游客"], ["set", "cart", [1, 2]]]));
        let seen = perform(&second, &json!([["get", "username"], ["get", "cart"], ["set", "colour", "red"]]));
        assert_eq!(seen, json!(["游客", [1, 2]]), "{}", pair.ours.output());
        assert_eq!(perform(&first, &json!([["get", "colour"], ["set", "cart", [1, 2, 3]]])), json!(["red"]));
        assert_eq!(perform(&second, &json!([["get", "cart"]])), json!([[1, 2, 3]]));
        perform(&second, &json!([["clear"]]));
        assert_eq!(perform(&first, &json!([["get", "username"]])), json!([null]));
    }
}

on_stores!(flask, a_session_of_flask_logs_in_here_and_the_other_way_round);

fn a_session_of_flask_logs_in_here_and_the_other_way_round(storage: Storage) {
    let engine = &*storage;
    if !engine.has_records() {
        return a_login_at_either_side_is_a_login_at_the_other(&Settings::cookie().start());
    }
    for (format, signer) in [("msgpack", false), ("json", false), ("msgpack", true), ("json", true)] {
        engine.clear();
        let pair = Settings::records_in(engine, format, signer).start();
        a_login_at_either_side_is_a_login_at_the_other(&pair);
        assert_eq!(engine.keys(), [""; 0], "{engine}: the last visitor has logged out");
    }
}

#[test]
fn a_read_here_extends_the_life_of_a_record_that_flask_session_wrote() {
    let redis = Redis::start();
    let pair = Settings::records(&redis, "msgpack", false).start();
    let jar = Jar::default();
    let [ours, flask] = pair.visitors(&jar);
    perform(&flask, &json!([["set", "k", "v"]]));
    let key = redis.keys()[0].clone();
    redis.command(&["EXPIRE", &key, "100"]);
    perform(&ours, &json!([["get", "k"]]));
    assert!(redis.ttl(&key).unwrap() > std::time::Duration::from_secs(2_678_000));
    redis.command(&["EXPIRE", &key, "100"]);
    perform(&flask, &json!([["get", "k"]]));
    assert!(redis.ttl(&key).unwrap() > std::time::Duration::from_secs(2_678_000));
}
