//! Where one setting differs from Flask's, the log says which.

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use crate::pair::{Settings, perform};

/// Logs a visitor in at a Flask with these settings; the cookie.
fn log_in_at_flask(flask: &Flask) -> String {
    let jar = Jar::default();
    perform(&Client::with_jar(&flask.url(), &jar), &json!([["set", "username", "momo"]]));
    jar.get("session").expect("a session cookie")
}

fn start_ours(settings: Settings<'_>, toml: &str, level: &str) -> App {
    let toml = settings.rocket_toml() + toml;
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).env("ROCKET_LOG_LEVEL", level).start()
}

fn ask(app: &App, cookie: &str) {
    let answer = Client::new(&app.url()).get("/typed").cookie(&format!("session={cookie}")).send();
    assert_eq!((answer.status, &answer.json()["username"]), (200, &Value::Null), "{}", app.output());
}

#[test]
fn each_refused_cookie_is_a_line_at_debug_with_the_setting_to_compare() {
    let (redis, other) = (Redis::start(), Redis::start());
    let (cookie, records) = (Settings::cookie(), Settings::records(&redis, "msgpack", false));
    let signed = Settings::records(&redis, "msgpack", true);
    let old = "another secret for tests";
    for (flask, ours, toml, says) in [
        (Settings { secret_key: old, ..cookie }, cookie, "", "secret_key with SECRET_KEY"),
        (Settings { secret_key: old, ..signed }, signed, "", "salt `flask-session`"),
        (records, signed, "", "session_use_signer, which is on here"),
        (signed, records, "", "session_use_signer, which is off here"),
        (records, cookie, "", "session_type with SESSION_TYPE: this looks like an id"),
        (cookie, records, "", "session_type with SESSION_TYPE: this looks like a whole session"),
        (cookie, signed, "", "session_type with SESSION_TYPE: this looks like a whole session"),
        (records, records, "session_id_length = 16\n", "it has 43 characters"),
        (records, records, "session_key_prefix = \"shop:\"\n", "session_key_prefix (\"shop:\")"),
        (records, Settings::records(&other, "msgpack", false), "", "redis://127.0.0.1"),
    ] {
        let value = log_in_at_flask(&flask.start_flask());
        let app = start_ours(ours, toml, "debug");
        ask(&app, &value);
        let output = app.output();
        let lines: Vec<&str> = output.lines().filter(|line| line.contains("cookie was refused")).collect();
        let [line] = lines[..] else { panic!("one line, not {lines:?}") };
        assert!(line.contains(says) && line.contains("compare"), "{line}");
        assert!(!line.contains(&value) && !line.contains(old), "{line}");
    }
}

#[test]
fn most_cookies_refused_is_one_warning_and_some_refused_is_none() {
    let redis = Redis::start();
    let records = Settings::records(&redis, "msgpack", false);
    let flask = records.start_flask();
    let value = log_in_at_flask(&flask);
    let warnings = |app: &App| app.output().matches("most session cookies lead to no session").count();

    let differs = start_ours(records, "session_key_prefix = \"shop:\"\n", "normal");
    (0..9).for_each(|_| ask(&differs, &value));
    assert_eq!(warnings(&differs), 0);
    (0..20).for_each(|_| ask(&differs, &value));
    assert_eq!(warnings(&differs), 1, "{}", differs.output());
    assert!(differs.output().contains("session_key_prefix (\"shop:\")"), "{}", differs.output());
    assert!(!differs.output().contains("cookie was refused"), "{}", differs.output());

    let same = start_ours(records, "", "normal");
    for _ in 0..15 {
        let answer = Client::new(&same.url()).get("/read").cookie(&format!("session={value}")).send();
        assert_eq!(answer.text(), "momo");
        ask(&same, &"x".repeat(43));
    }
    assert_eq!(warnings(&same), 0, "{}", same.output());
}
