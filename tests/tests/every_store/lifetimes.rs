//! How long a session lives, on every store: the record as the store itself tells it, and the cookie.

use std::time::UNIX_EPOCH;

use cookie::Cookie;
use serde_json::{Value, json};
use session_tests::app::App;
use session_tests::client::{Answer, Client, unix_now};
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::{Fixture, Storage};

use crate::probe;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// The real time may go on by so much during a test.
const SLACK: f64 = 10.0 * MINUTE;

on_stores!(all, a_session_that_is_used_ends_with_its_absolute_lifetime);
on_stores!(all, a_session_lives_as_long_as_it_was_told_and_no_longer);

/// One visitor of the probe.
struct Visitor<'a> {
    app: &'a App,
    jar: Jar,
    client: Client,
}

impl<'a> Visitor<'a> {
    fn of(app: &'a App) -> Self {
        let jar = Jar::default();
        Visitor { app, client: Client::with_jar(&app.url(), &jar), jar }
    }

    /// Somebody who has the same cookie and does not mind when it ends.
    fn copied(&self) -> Self {
        let copy = Visitor::of(self.app);
        copy.jar.put("session", &self.jar.get("session").unwrap());
        copy
    }

    fn ask(&self, now: f64, ops: Value) -> Answer {
        let answer = self.client.post("/ops").json(&json!({ "ops": ops })).at(now).send();
        assert_eq!(answer.status, 200, "{}", self.app.output());
        answer
    }

    fn results(&self, now: f64, ops: Value) -> Value {
        self.ask(now, ops).json()["results"].clone()
    }

    fn status(&self, now: f64, path: &str) -> u16 {
        self.client.get(path).at(now).send().status
    }

    fn log_in(&self, now: f64) {
        let answer = self.client.post("/typed").json(&json!({ "login": "momo" })).at(now).send();
        assert_eq!(answer.status, 200, "{}", self.app.output());
    }
}

/// When the cookie of an answer ends, in unix seconds.
fn cookie_end(answer: &Answer) -> Option<f64> {
    let [set_cookie] = answer.set_cookies()[..] else { return None };
    let expires = Cookie::parse(set_cookie.to_owned()).unwrap().expires_datetime()?;
    let since = std::time::SystemTime::from(expires).duration_since(UNIX_EPOCH).unwrap();
    Some(since.as_secs_f64())
}

/// Whether the store has the only session at `now`; unless only the application could tell.
fn is_stored(engine: &dyn Fixture, now: f64) -> Option<bool> {
    (engine.has_records() && engine.outlives_the_application()).then(|| {
        let notes = |key: &String| key.contains('~');
        let keys = engine.living_keys(now);
        keys.iter().any(|key| !notes(key))
    })
}

/// The time at which to look into a store when it is `now` for the application: where the server counts the life that is
/// left, no time has passed.
fn time_in(engine: &dyn Fixture, now: f64) -> f64 {
    if ["Redis", "Redis Cluster", "Redis Sentinel", "memcached"].contains(&engine.name()) {
        unix_now()
    } else {
        now
    }
}

fn a_session_that_is_used_ends_with_its_absolute_lifetime(storage: Storage) {
    let engine = &*storage;
    let app = probe(&format!(
        "permanent_session_lifetime = \"2 hours\"\nsession_absolute_lifetime = \"3 hours\"\n\
         session_successor_seconds = 0\n{}",
        engine.rocket_toml()
    ))
    .start();
    let visitor = Visitor::of(&app);
    // Whole, as the session's time is.
    let begin = unix_now().floor();
    visitor.ask(begin - HOUR, json!([["set_permanent", true], ["set", "cart", "tea"]]));
    visitor.log_in(begin);
    assert_eq!(visitor.status(begin + 20.0, "/recent"), 200, "{engine}");
    assert_eq!(visitor.status(begin + 21.0, "/recent"), 401, "{engine}");
    let seen = json!([["get", "username"], ["get", "_created_at"], ["get_login_age"]]);
    for (hours, end) in [(0.5, 2.5), (1.25, 3.0), (2.0, 3.0), (2.75, 3.0)] {
        let now = begin + hours * HOUR;
        let answer = visitor.ask(now, seen.clone());
        let results = answer.json()["results"].clone();
        assert_eq!(results[1][0], json!(begin as u64), "{engine}, {hours}");
        assert_eq!((&results[0], &results[2]), (&json!("momo"), &json!((hours * HOUR) as u64)));
        if let Some(sent) = cookie_end(&answer) {
            assert_eq!(sent, begin + end * HOUR, "{engine}, {hours}");
        }
        assert_ne!(is_stored(engine, time_in(engine, now)), Some(false), "{engine}, {hours}");
    }
    let over = begin + 3.0 * HOUR;
    assert_eq!(visitor.status(over - 1.0, "/member"), 200, "{engine}");
    // The browser has dropped its cookie by now.
    let thief = visitor.copied();
    assert_eq!(thief.results(over, seen), json!([null, null, null]), "{engine}");
    assert_ne!(is_stored(engine, time_in(engine, over + 1.0)), Some(true), "{engine}");
    assert_eq!(thief.status(over, "/member"), 401, "{engine}");
}

fn a_session_lives_as_long_as_it_was_told_and_no_longer(storage: Storage) {
    let engine = &*storage;
    let app = probe(&format!("permanent_session_lifetime = \"2 hours\"\n{}", engine.rocket_toml())).start();
    for lifetime in [30.0 * MINUTE, 20.0 * DAY] {
        engine.clear();
        let visitor = Visitor::of(&app);
        let begin = unix_now().floor();
        let answer = visitor.ask(
            begin,
            json!([["set", "k", "v"], ["set_permanent", false], ["set_lifetime", lifetime as u64]]),
        );
        assert_eq!(cookie_end(&answer), Some(begin + lifetime), "{engine}");
        assert_ne!(is_stored(engine, begin + lifetime - 1.0), Some(false), "{engine}");
        assert_ne!(is_stored(engine, begin + lifetime + SLACK), Some(true), "{engine}");

        // A use extends it by its own measure, not by the configured one.
        let used = begin + 0.25 * lifetime;
        let answer = visitor.ask(used, json!([["get", "k"], ["get_lifetime"]]));
        assert_eq!(answer.json()["results"], json!(["v", lifetime as u64]), "{engine}");
        match cookie_end(&answer) {
            Some(end) => assert_eq!(end, used + lifetime, "{engine}"),
            // No time has passed there.
            None => assert!(engine.is_server(), "{engine}"),
        }
        if !engine.is_server() {
            let last = used + 0.9 * lifetime;
            for (now, seen) in [(last, json!(["v"])), (last + lifetime + 1.0, json!([null]))] {
                assert_eq!(
                    visitor.copied().results(now, json!([["get", "k"]])),
                    seen,
                    "{engine}, {lifetime}"
                );
            }
            continue;
        }
        let answer = visitor.ask(used, json!([["clear_lifetime"]]));
        assert_eq!(answer.set_cookies().len(), 1, "{engine}: it ends with the browser again");
        assert_eq!(cookie_end(&answer), None, "{engine}");
        assert_ne!(is_stored(engine, begin + 2.0 * HOUR - SLACK), Some(false), "{engine}");
        assert_ne!(is_stored(engine, used + 2.0 * HOUR + SLACK), Some(true), "{engine}");
    }
}

#[test]
fn redis_tells_the_life_that_a_session_has() {
    let redis = Redis::start();
    let engine: &dyn Fixture = &redis;
    let app = probe(&format!(
        "permanent_session_lifetime = \"2 hours\"\nsession_absolute_lifetime = \"90 days\"\n{}",
        engine.rocket_toml()
    ))
    .start();
    let visitor = Visitor::of(&app);
    let begin = unix_now().floor();
    visitor.log_in(begin);
    let left = || {
        let keys: Vec<String> = Redis::keys(&redis).into_iter().filter(|key| !key.contains('~')).collect();
        let [key] = &keys[..] else { panic!("one session: {}", keys.len()) };
        redis.ttl(key).unwrap().as_secs_f64()
    };
    for (ops, lifetime) in [
        (json!([["get", "username"]]), 2.0 * HOUR),
        (json!([["set_lifetime", 300]]), 5.0 * MINUTE),
        (json!([["set_lifetime", 30 * 86_400]]), 30.0 * DAY),
        (json!([["clear_lifetime"]]), 2.0 * HOUR),
    ] {
        visitor.ask(begin, ops.clone());
        let told = left();
        assert!(told <= lifetime && told > lifetime - SLACK.min(lifetime), "{ops}: {told}");
    }
    // Near the end of the absolute lifetime.
    visitor.ask(begin, json!([["set_lifetime", 90 * 86_400]]));
    visitor.ask(begin + 60.0 * DAY, json!([["set", "k", "v"]]));
    assert!((left() - 30.0 * DAY).abs() < 2.0, "{}", left());
}
