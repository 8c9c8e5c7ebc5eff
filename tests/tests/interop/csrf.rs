//! Tokens of forms, made by the real Flask-WTF and here, and checked by the other side.

use serde_json::{Value, json};
use session_tests::app::Launch;
use session_tests::client::{Answer, Client};
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use crate::pair::{Pair, Settings, perform};

/// When the tokens of these tests are made.
const THEN: f64 = 1_767_225_600.0;

/// Both sides with further keys, each in its own spelling.
fn start(settings: Settings<'_>, toml: &str, flask: &Value) -> Pair {
    let mut config = settings.flask_config();
    for (key, value) in flask.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    let toml = settings.rocket_toml() + toml;
    Pair {
        ours: Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start(),
        flask: Flask::probe(settings.engine, &config),
    }
}

fn on_every_engine(test: impl Fn(&Pair)) {
    let redis = Redis::start();
    for settings in [
        Settings::cookie(),
        Settings::records(&redis, "msgpack", false),
        Settings::records(&redis, "json", true),
    ] {
        test(&start(settings, "", &json!({})));
    }
}

fn token(visitor: &Client) -> String {
    let answer = visitor.get("/csrf").at(THEN).send();
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

fn post(visitor: &Client, token: &str, at: f64) -> Answer {
    visitor.post("/csrf-check").form(&[("text", "hello"), ("csrf_token", token)]).at(at).send()
}

/// The answer of both sides, which has to be the same.
#[track_caller]
fn both(visitors: &[Client; 2], token: &str, at: f64) -> u16 {
    let [ours, flask] = visitors.each_ref().map(|visitor| post(visitor, token, at).status);
    assert_eq!(ours, flask, "ours and Flask's answer to {token:?}");
    ours
}

#[test]
fn a_form_that_either_side_has_rendered_can_be_posted_to_the_other() {
    on_every_engine(|pair| {
        for first in [0, 1] {
            let visitors = pair.visitors(&Jar::default());
            let (renders, checks) = (&visitors[first], &visitors[1 - first]);
            let token = token(renders);
            assert_eq!(post(checks, &token, THEN).text(), "ok", "{}", pair.ours.output());
            let prefixed = checks.post("/csrf-check").form(&[("order-csrf_token", &token)]);
            assert_eq!(prefixed.at(THEN).send().text(), "ok");
            for header in ["X-CSRFToken", "X-CSRF-Token"] {
                let by_script = checks.post("/csrf-check").json(&json!({})).header(header, &token);
                assert_eq!(by_script.at(THEN).send().text(), "ok");
                let form = checks.post("/csrf-check").form(&[("text", "hello")]).header(header, &token);
                assert_eq!(form.at(THEN).send().text(), "ok");
            }
            assert_eq!(self::token(checks), token, "the same session and second, so the same token");
        }
    });
}

#[test]
fn a_token_is_good_for_as_many_seconds_at_either_side() {
    let redis = Redis::start();
    let engine = Settings::records(&redis, "msgpack", false);
    for (toml, flask, last) in [
        ("", json!({}), Some(3600.0)),
        ("wtf_csrf_time_limit = 90\n", json!({ "WTF_CSRF_TIME_LIMIT": 90 }), Some(90.0)),
        ("wtf_csrf_time_limit = false\n", json!({ "WTF_CSRF_TIME_LIMIT": null }), None),
    ] {
        let pair = start(engine, toml, &flask);
        let visitors = pair.visitors(&Jar::default());
        for renders in &visitors {
            let token = token(renders);
            assert_eq!(both(&visitors, &token, THEN - 1.0), if last.is_some() { 400 } else { 200 });
            assert_eq!(both(&visitors, &token, THEN + last.unwrap_or(86_400.0)), 200);
            if let Some(last) = last {
                assert_eq!(both(&visitors, &token, THEN + last + 1.0), 400);
            }
        }
    }
}

#[test]
fn what_neither_side_has_made_for_this_session_is_refused_by_both() {
    on_every_engine(|pair| {
        for first in [0, 1] {
            let visitors = pair.visitors(&Jar::default());
            assert_eq!(both(&visitors, "", THEN), 400, "no token");
            let of_another_session = token(&pair.visitors(&Jar::default())[first]);
            assert_eq!(both(&visitors, &of_another_session, THEN), 400, "the session has no secret");

            let token = token(&visitors[first]);
            assert_eq!(both(&visitors, &token, THEN), 200);
            assert_eq!(both(&visitors, &of_another_session, THEN), 400, "another session's");
            for position in [0, 20, token.len() - 30, token.len() - 5] {
                let mut changed = token.clone().into_bytes();
                changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(both(&visitors, &changed, THEN), 400, "{changed}");
            }
            assert_eq!(both(&visitors, "游客", THEN), 400);
            assert_eq!(both(&visitors, &format!("{token}."), THEN), 400);

            perform(&visitors[0], &json!([["clear"], ["set", "k", "v"]]));
            assert_eq!(both(&visitors, &token, THEN), 400, "the secret has left the session");
        }
    });
}

#[test]
fn a_token_of_an_older_key_is_refused_although_the_session_is_kept() {
    let old = Settings { secret_key: "an old key for tests", ..Settings::cookie() };
    let new = Settings { secret_key_fallbacks: &["an old key for tests"], ..Settings::cookie() };
    let jar = Jar::default();
    let before = start(old, "", &json!({}));
    let token = token(&before.visitors(&jar)[0]);
    let pair = start(new, "", &json!({}));
    let visitors = pair.visitors(&jar);
    assert_eq!(both(&visitors, &token, THEN), 400);
    assert_eq!(both(&visitors, &self::token(&visitors[0]), THEN), 200, "the session is known");
}

#[test]
fn a_key_a_field_and_headers_of_their_own_are_used_by_both_sides() {
    let toml = "wtf_csrf_secret_key = \"another key\"\nwtf_csrf_field_name = \"nonce\"\nwtf_csrf_headers = \"X-Nonce\"\n";
    let flask = json!({
        "WTF_CSRF_SECRET_KEY": "another key", "WTF_CSRF_FIELD_NAME": "nonce", "WTF_CSRF_HEADERS": ["X-Nonce"],
    });
    let pair = start(Settings::cookie(), toml, &flask);
    let without_the_key = start(Settings::cookie(), &toml.replace("another", "third"), &json!({}));
    for first in [0, 1] {
        let jar = Jar::default();
        let visitors = pair.visitors(&jar);
        let (renders, checks) = (&visitors[first], &visitors[1 - first]);
        let token = token(renders);
        let send = |name, header| {
            let request = checks.post("/csrf-check").form(&[(name, &token)]).header(header, &token);
            request.at(THEN).send().status
        };
        assert_eq!([send("nonce", "X-Other"), send("x", "X-Nonce")], [200, 200]);
        assert_eq!(send("csrf_token", "X-CSRFToken"), 400);
        let other = &without_the_key.visitors(&jar)[0];
        assert_eq!(other.post("/csrf-check").form(&[("nonce", &token)]).at(THEN).send().status, 400);
    }
}
