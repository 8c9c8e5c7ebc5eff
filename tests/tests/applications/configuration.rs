//! Messages of a launch about its configuration.

use serde_json::json;
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::redis::Redis;

const PROBE: &str = env!("CARGO_BIN_EXE_probe");

#[test]
fn five_mistakes_are_reported_at_once_each_with_its_place() {
    let refused = Launch::new(PROBE)
        .toml(
            r#"
            [default]
            secret_key = "a text that is long enough"
            session_tpye = "redis"
            session_cookie_samesite = "Sometimes"
            permanent_session_lifetime = "two hours"
            secret_key_fallbacks = "an older key"

            [debug]
            session_cookie_path = "shop"
            "#,
        )
        .env("ROCKET_PROFILE", "debug")
        .env("ROCKET_SESSION_USE_SIGNER", "perhaps")
        .refused();
    for (key, place) in [
        ("session_tpye", "Rocket.toml"),
        ("session_cookie_samesite", "Rocket.toml"),
        ("permanent_session_lifetime", "Rocket.toml"),
        ("secret_key_fallbacks", "Rocket.toml"),
        ("session_cookie_path", "debug"),
        ("session_use_signer", "ROCKET_SESSION_USE_SIGNER"),
    ] {
        let line = refused.lines().find(|line| line.contains(key) && line.contains(place));
        assert!(line.is_some(), "{key} with {place} is not in\n{refused}");
    }
    assert!(refused.contains("session_type"), "the nearest right key is named\n{refused}");
    assert!(!refused.contains("an older key"), "no secret is shown\n{refused}");
}

#[test]
fn the_environment_chooses_the_store_in_every_profile() {
    let redis = Redis::start();
    for profile in ["debug", "release", "staging"] {
        redis.clear();
        let app = Launch::new(PROBE)
            .toml(&format!("[default]\nsession_type = \"memory\"\n[{profile}]\nsession_type = \"cookie\"\n"))
            .env("ROCKET_PROFILE", profile)
            .env("ROCKET_SESSION_TYPE", "redis")
            .env("ROCKET_SESSION_REDIS", &redis.url())
            .start();
        let set = json!({ "ops": [["set", "k", "v"]] });
        assert_eq!(Client::new(&app.url()).post("/ops").json(&set).send().status, 200, "{}", app.output());
        assert_eq!(redis.keys().len(), 1, "{profile}: {}", app.output());
    }
}

#[test]
fn flasks_capitals_are_accepted() {
    let redis = Redis::start();
    let app = Launch::new(PROBE)
        .toml(&format!("[default]\nSESSION_TYPE = \"redis\"\nSESSION_REDIS = \"{}\"\n", redis.url()))
        .start();
    Client::new(&app.url()).post("/ops").json(&json!({ "ops": [["set", "k", "v"]] })).send();
    assert_eq!(redis.keys().len(), 1, "{}", app.output());
}

#[test]
fn without_a_secret_a_signed_cookie_launches_in_the_debug_profile_only() {
    let refused = Launch::new(PROBE).toml("").env("ROCKET_PROFILE", "release").refused();
    assert!(refused.contains("secret_key"), "{refused}");
    let app = Launch::new(PROBE).toml("").env("ROCKET_PROFILE", "debug").start();
    assert_eq!(Client::new(&app.url()).get("/health").send().text(), "ok");
    assert!(app.output().contains("secret_key"), "a warning\n{}", app.output());
}

#[test]
fn an_unreachable_store_does_not_launch() {
    let port = session_tests::port::free_port();
    let refused = Launch::new(PROBE)
        .toml("[default]\nsession_type = \"redis\"\n")
        .env("ROCKET_SESSION_REDIS", &format!("redis://user:a-password@127.0.0.1:{port}"))
        .refused();
    assert!(refused.contains("store"), "{refused}");
    assert!(!refused.contains("a-password"), "{refused}");
}

#[test]
fn a_store_that_can_not_be_used_is_named_with_its_key_and_where_that_was_set() {
    let port = session_tests::port::free_port();
    let refused = Launch::new(PROBE)
        .toml(&format!(
            "[default]\nsession_type = \"redis\"\nsession_redis = \"redis://127.0.0.1:{port}/2\"\n"
        ))
        .refused();
    let place = format!("redis://127.0.0.1:{port}/2 (session_redis, set in Rocket.toml, profile [default])");
    assert!(refused.contains(&place), "{refused}");
    let refused = Launch::new(PROBE)
        .toml("[default]\nsession_type = \"sqlite\"\n")
        .env("ROCKET_SESSION_SQLALCHEMY", "sqlite:////no/such/folder/sessions.db")
        .refused();
    let place = "SQLite file /no/such/folder/sessions.db (session_sqlalchemy, set in the environment variable \
                 ROCKET_SESSION_SQLALCHEMY)";
    assert!(refused.contains(place), "{refused}");
}
