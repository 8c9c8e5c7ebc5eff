//! The probe and the real Flask, in turns on the same session.

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::flask::{Engine, Flask};
use session_tests::jar::Jar;
use session_tests::redis::Redis;

const SECRET: &str = "dev-secret-key for tests";

/// The same settings for both sides, in each side's spelling.
struct Pair {
    ours: App,
    flask: Flask,
}

impl Pair {
    fn start(redis: Option<&Redis>, format: &str, signer: bool) -> Pair {
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!(
            "[default]\nsecret_key = \"{SECRET}\"\nsession_cookie_samesite = false\nsession_use_signer = {signer}\n\
             session_serialization_format = \"{format}\"\nsession_type = \"{}\"\n",
            if redis.is_some() { "redis" } else { "cookie" }
        ));
        let engine = match redis {
            Some(redis) => {
                launch = launch.env("ROCKET_SESSION_REDIS", &redis.url());
                Engine::Redis(redis)
            }
            None => Engine::Cookie,
        };
        let mut config = json!({ "SECRET_KEY": SECRET });
        if redis.is_some() {
            config["SESSION_USE_SIGNER"] = Value::Bool(signer);
            config["SESSION_SERIALIZATION_FORMAT"] = Value::from(format);
        }
        Pair { ours: launch.start(), flask: Flask::probe(engine, &config) }
    }

    fn visitors(&self, jar: &Jar) -> [Client; 2] {
        [Client::with_jar(&self.ours.url(), jar), Client::with_jar(&self.flask.url(), jar)]
    }
}

fn perform(visitor: &Client, ops: &Value) -> Value {
    let answer = visitor.post("/ops").json(&json!({ "ops": ops })).send();
    assert_eq!(answer.status, 200, "{ops}: {}", answer.text());
    answer.json()["results"].clone()
}

/// Each side logs a visitor in whom the other then knows, changes and shows to the first again.
fn a_login_at_either_side_is_a_login_at_the_other(pair: &Pair) {
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

#[test]
fn invariant_14_a_cookie_of_flask_logs_in_here_and_the_other_way_round() {
    a_login_at_either_side_is_a_login_at_the_other(&Pair::start(None, "msgpack", false));
}

#[test]
fn invariant_14_a_record_of_flask_session_is_read_and_extended_here_and_the_other_way_round() {
    let redis = Redis::start();
    for format in ["msgpack", "json"] {
        for signer in [false, true] {
            redis.clear();
            a_login_at_either_side_is_a_login_at_the_other(&Pair::start(Some(&redis), format, signer));
        }
    }
}

#[test]
fn a_read_here_extends_the_life_of_a_record_that_flask_session_wrote() {
    let redis = Redis::start();
    let pair = Pair::start(Some(&redis), "msgpack", false);
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
