//! A life of its own and the absolute lifetime beside Flask, which knows one lifetime for all sessions.

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::{Answer, Client, unix_now};
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::{Cookie, Fixture, Storage};

use crate::pair::Settings;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// Both sides with the same settings, but for what only ours knows.
fn start_both(engine: &dyn Fixture, more: &str) -> (App, Flask) {
    let settings = match engine.has_records() {
        true => Settings::records_in(engine, "msgpack", false),
        false => Settings::cookie(),
    };
    let toml = format!("{}{more}\n", settings.rocket_toml());
    (Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start(), settings.start_flask())
}

fn ask(visitor: &Client, now: f64, ops: Value) -> Answer {
    let answer = visitor.post("/ops").json(&json!({ "ops": ops })).at(now).send();
    assert_eq!(answer.status, 200, "{ops}: {}", answer.text());
    answer
}

fn results(visitor: &Client, now: f64, ops: Value) -> Value {
    ask(visitor, now, ops).json()["results"].clone()
}

on_stores!(flask, flask_reads_both_times_gives_a_session_its_own_life_and_the_next_use_here_puts_that_right);

fn flask_reads_both_times_gives_a_session_its_own_life_and_the_next_use_here_puts_that_right(
    storage: Storage,
) {
    let engine = &*storage;
    let (ours, flask) = start_both(engine, "session_absolute_lifetime = \"90 days\"");
    let jar = Jar::default();
    let (here, there) = (Client::with_jar(&ours.url(), &jar), Client::with_jar(&flask.url(), &jar));
    let now = unix_now().floor();
    let stored_at = |later: f64| match engine.has_records() {
        true => !engine.living_keys(now + later).is_empty(),
        false => jar.header((now + later) as i64).is_some(),
    };
    for (lifetime, longer, shorter) in [(HOUR, 2.0 * HOUR, 0.9 * HOUR), (60.0 * DAY, 61.0 * DAY, 59.0 * DAY)]
    {
        ask(&here, now, json!([["clear"]]));
        ask(
            &here,
            now,
            json!([["set_permanent", true], ["set", "k", "v"], ["set_lifetime", lifetime as u64]]),
        );
        assert!(stored_at(shorter) && !stored_at(longer), "{engine}");

        let seen = json!([["get", "_lifetime"], ["get", "_created_at"], ["set", "by", "flask"]]);
        assert_eq!(results(&there, now, seen), json!([lifetime as u64, now as u64]), "{engine}");
        // 31 days.
        assert!(stored_at(30.0 * DAY) && !stored_at(32.0 * DAY), "{engine}");

        let seen = json!([["get", "by"], ["get", "_created_at"], ["get_lifetime"]]);
        assert_eq!(results(&here, now, seen), json!(["flask", now as u64, lifetime as u64]), "{engine}");
        assert!(stored_at(shorter) && !stored_at(longer), "{engine}: {}", ours.output());
    }
}

#[test]
fn flask_goes_by_its_own_lifetime_where_the_session_is_in_the_cookie() {
    let (ours, flask) = start_both(&Cookie, "session_lifetime_max = \"90 days\"");
    let now = unix_now().floor();
    let read = json!([["get", "k"]]);
    for (lifetime, age, is_good_here, is_good_there) in [
        (90.0 * DAY, 40.0 * DAY, true, false),
        (5.0 * MINUTE, 10.0 * MINUTE, false, true),
        (5.0 * MINUTE, 5.0 * MINUTE, true, true),
    ] {
        let jar = Jar::default();
        let begun = Client::with_jar(&ours.url(), &jar);
        ask(&begun, now, json!([["set", "k", "v"], ["set_lifetime", lifetime as u64]]));
        let cookie = format!("session={}", jar.get("session").unwrap());
        for (url, is_good) in [(ours.url(), is_good_here), (flask.url(), is_good_there)] {
            let client = Client::new(&url);
            let asked =
                client.post("/ops").json(&json!({ "ops": read })).cookie(&cookie).at(now + age).send();
            let seen = if is_good { json!(["v"]) } else { json!([null]) };
            assert_eq!(asked.json()["results"], seen, "{lifetime}, {age}, {url}");
        }
    }
}

on_stores!(flask, what_flask_keeps_beyond_the_absolute_lifetime_ends_at_the_first_use_here);

fn what_flask_keeps_beyond_the_absolute_lifetime_ends_at_the_first_use_here(storage: Storage) {
    let engine = &*storage;
    let (ours, flask) = start_both(engine, "session_absolute_lifetime = \"1 day\"");
    let jar = Jar::default();
    let (here, there) = (Client::with_jar(&ours.url(), &jar), Client::with_jar(&flask.url(), &jar));
    let now = unix_now().floor();
    ask(&here, now, json!([["set_permanent", true], ["set", "k", "v"]]));
    let dumped = |visitor: &Client, later: f64| results(visitor, now + later, json!([["get", "k"]]));
    assert_eq!(results(&there, now + 0.9 * DAY, json!([["get", "k"], ["set", "by", "flask"]])), json!(["v"]));
    assert_eq!(dumped(&there, 2.0 * DAY), json!(["v"]), "{engine}");
    assert_eq!(dumped(&here, 2.0 * DAY), json!([null]), "{engine}");
    if engine.has_records() {
        assert_eq!(engine.living_keys(now), [""; 0], "{engine}");
        assert_eq!(jar.get("session"), None, "{engine}");
        assert_eq!(dumped(&there, 2.0 * DAY), json!([null]), "{engine}");
    }
}
