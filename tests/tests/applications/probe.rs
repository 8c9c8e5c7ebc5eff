//! The probe's own protocol, as far as no other test speaks it.

use serde_json::{Value, json};
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::server_sent::ServerSent;

const PROBE: &str = env!("CARGO_BIN_EXE_probe");

/// Polls are an hour apart, so that only a message can tell of an end in the other process.
#[test]
fn a_stream_is_open_at_once_and_says_that_its_session_has_ended_here_in_another_process_or_in_flask() {
    let redis = Redis::start();
    let toml = format!(
        "[default]\nsession_ended_poll = \"1 hour\"\nsession_type = \"redis\"\nsession_redis = {:?}\n",
        redis.url()
    );
    let [first, second] = [(); 2].map(|()| Launch::new(PROBE).toml(&toml).start());
    let flask = Flask::companion(&redis, &json!({}));
    for ends in [first.url(), second.url(), flask.url()] {
        let jar = Jar::default();
        assert_eq!(Client::with_jar(&first.url(), &jar).get("/login?name=momo&items=1").send().status, 200);
        let cookie = format!("session={}", jar.get("session").expect("a session cookie"));
        let mut events = ServerSent::open(&first.url(), "/stream", &cookie);
        assert_eq!(events.event(), "data: open\n\n");
        let visitor = Client::new(&ends);
        let log_out = visitor.post("/typed").cookie(&cookie).json(&json!({ "logout": true })).send();
        assert_eq!(log_out.status, 200);
        assert_eq!(events.rest(), "data: ended\n\n");
    }
}

#[test]
fn a_token_of_the_probe_is_checked_in_a_form_and_in_a_header() {
    let toml = "[default]\nsession_type = \"memory\"\nwtf_csrf_secret_key = \"a key of tests\"\n";
    let probe = Launch::new(PROBE).toml(toml).start();
    let visitor = Client::with_jar(&probe.url(), &Jar::default());
    let token = visitor.get("/csrf").send().text().to_owned();
    let check = || visitor.post("/csrf-check");
    assert_eq!(check().form(&[("csrf_token", &token)]).send().text(), "ok");
    assert_eq!(check().header("X-CSRFToken", &token).send().text(), "ok");
    assert_eq!(check().json(&json!({})).header("X-CSRF-Token", &token).send().text(), "ok");
    assert_eq!(check().form(&[("csrf_token", "made up")]).send().status, 400);
    assert_eq!(check().form(&[("text", "hello")]).send().status, 400);
    assert_eq!(check().send().status, 400);
}

#[test]
fn the_probe_launches_without_any_key_and_then_has_no_tokens() {
    let probe = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::new(&probe.url());
    assert_eq!((visitor.get("/csrf").send().status, visitor.get("/read").send().status), (404, 200));
}

#[test]
fn the_probe_serves_pages_of_the_origins_that_its_configuration_trusts() {
    let toml = "[default]\nsession_type = \"memory\"\nsession_trusted_origins = [\"https://a.example\"]\n";
    let by_file = Launch::new(PROBE).toml(toml).start();
    let toml = "[default]\nsession_type = \"memory\"\n";
    let by_variable =
        Launch::new(PROBE).toml(toml).env("ROCKET_SESSION_TRUSTED_ORIGINS", "https://a.example").start();
    for probe in [by_file, by_variable] {
        let change = |origin| {
            let visitor = Client::with_jar(&probe.url(), &Jar::default());
            visitor.post("/typed").json(&json!({ "a": "x" })).header("Origin", origin).send().status
        };
        assert_eq!([change("https://a.example"), change("https://b.example")], [200, 403]);
    }
}

#[test]
fn the_probe_tells_and_counts_what_has_happened() {
    let probe = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::with_jar(&probe.url(), &Jar::default());
    assert_eq!(visitor.get("/login?name=momo").send().status, 200);
    assert_eq!(visitor.post("/typed").json(&json!({ "logout": true })).send().status, 200);
    let other = Client::new(&probe.url());
    assert_eq!(other.get("/read").cookie("session=made-up").send().status, 200);
    let events = |after| {
        let told: Value = serde_json::from_str(other.get(&format!("/events?after={after}")).send().text())
            .expect("a list of events");
        told.as_array().expect("a list").clone()
    };
    let told = events(0);
    let names: Vec<&str> = told.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["logged_in", "logged_out", "cookie_refused"]);
    assert_eq!((&told[0]["n"], &told[0]["handle"]), (&json!(1), &told[1]["handle"]));
    assert_eq!(events(2), told[2..]);
    let stats: Value = serde_json::from_str(other.get("/stats").send().text()).expect("a map");
    let counted: Vec<&String> = stats.as_object().expect("a map").keys().collect();
    assert_eq!(counted.len(), 15);
    assert_eq!((&stats["logged_in"], &stats["created"]), (&json!(1), &json!(0)));
}
