//! The probe and the real Flask-Session in turns on the same row.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use session_tests::budget;
use session_tests::client::Client;
use session_tests::database::Database;
use session_tests::flask::{Engine, Flask};
use session_tests::jar::Jar;

use crate::probe;

/// A small generator of numbers, so that a seed repeats a run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One request's operation, and what it does to the session.
fn step(dice: &mut Dice, model: &mut BTreeMap<String, Value>) -> Value {
    let key = format!("k{}", dice.roll(4));
    match dice.roll(8) {
        0 => {
            model.remove(&key);
            json!(["pop", key, null])
        }
        1 => {
            model.clear();
            json!(["clear"])
        }
        2 | 3 => json!(["get", key, null]),
        form => {
            let number = dice.roll(1_000_000);
            let value = match form {
                4 => json!(number),
                5 => json!("游客 ".repeat((number % 300) as usize)),
                6 => json!([number, { "$bytes": "AP8=" }, null]),
                _ => json!({ "$dict": [["nested", number], ["flag", true]] }),
            };
            model.insert(key.clone(), value.clone());
            json!(["set", key, value])
        }
    }
}

/// The session's content without Flask's own entry.
fn content(dump: &Value) -> BTreeMap<String, Value> {
    let pairs = dump["$dict"].as_array().unwrap().iter();
    let pairs = pairs.map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()));
    pairs.filter(|(key, _)| key != "_permanent").collect()
}

#[test]
fn flask_session_and_the_probe_agree_step_by_step_on_every_database() {
    let (steps, seed) = (budget::amount("STEPS", 1_000, 10_000), budget::amount("SEED", 1, 1));
    for (database, format) in Database::all().iter().zip(["msgpack", "json", "msgpack"]) {
        // Text that JSON has no bytes for comes back as text, so that bytes are left out there.
        let config =
            json!({ "SECRET_KEY": "dev-secret-key for tests", "SESSION_SERIALIZATION_FORMAT": format });
        let flask = Flask::probe(Engine::Sql(database), &config);
        let ours = probe(
            database,
            &format!("session_serialization_format = \"{format}\"\nsession_refresh_after = 0"),
        )
        .start();
        let jar = Jar::default();
        let visitors = [Client::with_jar(&ours.url(), &jar), Client::with_jar(&flask.url(), &jar)];
        let (mut dice, mut model) = (Dice(seed), BTreeMap::new());
        for n in 0..steps {
            let mut op = step(&mut dice, &mut model);
            if format == "json" {
                let text = op.to_string().replace("{\"$bytes\":\"AP8=\"}", "\"AP8=\"");
                op = serde_json::from_str(&text).unwrap();
                for value in model.values_mut() {
                    let text = value.to_string().replace("{\"$bytes\":\"AP8=\"}", "\"AP8=\"");
                    *value = serde_json::from_str(&text).unwrap();
                }
            }
            let visitor = &visitors[dice.roll(2) as usize];
            let answer = visitor.post("/ops").json(&json!({ "ops": [op, ["dump"]] })).send();
            let context =
                format!("{}, step {n}: {op}\n{}\n{}", database.kind(), ours.output(), flask.output());
            assert_eq!(answer.status, 200, "{context}");
            let answer = answer.json();
            assert_eq!(content(answer["results"].as_array().unwrap().last().unwrap()), model, "{context}");
        }
        // One visitor, one row at most.
        assert!(
            ["0", "1"]
                .contains(&&*database.query("SELECT count(*) FROM sessions WHERE expiry > '2024-01-01'"))
        );
    }
}
