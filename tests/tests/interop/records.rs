//! The records of the probe in Redis, compared with those of Flask-Session.

use serde_json::{Value, json};
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::scenario::vectors;

/// Key, bytes and seconds, as they go over the wire: one of the records lives for a second only.
#[test]
fn a_session_of_the_probe_is_the_item_that_flask_session_stores() {
    let redis = Redis::start();
    let items = vectors("redis_item");
    assert_eq!(items.len(), 4);
    for item in items {
        let prefix = item["key_prefix"].as_str().unwrap();
        let probe = Launch::new(env!("CARGO_BIN_EXE_probe"))
            .toml(&format!(
                "[default]\nsession_type = \"redis\"\nsession_redis = \"{}\"\nsession_key_prefix = \"{prefix}\"\n\
                 permanent_session_lifetime = {}\nsession_serialization_format = {}\n",
                redis.url(),
                item["permanent_session_lifetime"].as_f64().unwrap(),
                item["format"],
            ))
            .start();
        let jar = Jar::default();
        let visitor = Client::with_jar(&probe.url(), &jar);
        // `_permanent` is there from the start, as in Flask-Session.
        let entries = item["session"]["$dict"].as_array().unwrap().iter().skip(1);
        let mut ops: Vec<Value> = entries.map(|entry| json!(["set", entry[0], entry[1]])).collect();
        // Setting the login field is a log-in here, whose time Flask-Session does not store.
        ops.push(json!(["pop", "_login_at", null]));
        let mut id = String::new();
        let seen = redis.commands_during(|| {
            assert_eq!(visitor.post("/ops").json(&json!({ "ops": ops })).send().status, 200);
            id = jar.get("session").unwrap();
        });
        let set = seen.iter().find(|command| command.words[0] == "SET").expect("a SET");
        let value = session_tests::scenario::bytes(item["value"].as_str().unwrap());
        let expected = ["SET", &format!("{prefix}{id}"), &value.escape_ascii().to_string(), "EX"];
        assert_eq!(set.words[..4], expected, "{}", item["id"]);
        assert_eq!(set.words[4], item["ex"].to_string(), "{}", item["id"]);
    }
}
