//! Messages of a launch about its configuration.

use serde_json::json;
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::redis::Redis;
use session_tests::redis_cluster::RedisCluster;
use session_tests::redis_sentinel::{Plan, RedisSentinel};

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
fn the_launch_says_in_which_redis_servers_the_sessions_are_without_a_login() {
    let cluster = RedisCluster::lent();
    let masters: Vec<_> =
        cluster.masters().iter().map(|master| cluster.nodes()[*master].address().to_string()).collect();
    let app = redis_at(format!("[\"{}\"]", cluster.urls()[4])).start();
    let line = app.output().lines().find(|line| line.contains("sessions are in")).map(str::to_owned);
    let line = line.unwrap_or_else(|| panic!("{}", app.output()));
    assert!(line.contains("a Redis Cluster, 3 masters: "), "{line}");
    assert!(masters.iter().all(|master| line.contains(master)), "{line}");

    let plan = Plan { replicas: 1, password: Some("hush".into()), ..Plan::default() };
    let sentinels = RedisSentinel::start_as(plan);
    let app = redis_at(sentinels.url()).start();
    let (place, output) = (format!("127.0.0.1:{}", sentinels.servers()[0].port()), app.output());
    let line = output.lines().find(|line| line.contains("sessions are in")).unwrap_or(&output);
    assert!(
        line.contains("the Redis master sessions of the sentinels at ") && line.contains(&place),
        "{line}"
    );
    assert!(!output.contains("hush"), "{output}");
}

/// The probe with its sessions in these Redis servers.
fn redis_at(address: String) -> Launch {
    Launch::new(PROBE).env("ROCKET_SESSION_TYPE", "redis").env("ROCKET_SESSION_REDIS", &address)
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

/// A store that is not there, by its keys; the place and the reason that the log has to name.
fn unusable_stores() -> Vec<(String, String, &'static str)> {
    let port = session_tests::port::free_port();
    let server = format!("127.0.0.1:{port}");
    let refused = "Connection refused";
    let lines = |session_type: &str, key: &str, address: &str| {
        format!("session_type = \"{session_type}\"\n{key} = \"{address}\"\n")
    };
    let place = |place: String, key: &str| format!("{place} ({key}, set in Rocket.toml, profile [default])");
    let database = |session_type: &str, scheme: &str| {
        let url = |login: &str| format!("{scheme}://{login}@{server}/d");
        let key = "session_sqlalchemy";
        (lines(session_type, key, &url("me:hush")), place(url("…"), key), refused)
    };
    vec![
        (
            lines("redis", "session_redis", &format!("redis://me:hush@{server}/2")),
            place(format!("redis://…@{server}/2"), "session_redis"),
            refused,
        ),
        database("postgres", "postgresql"),
        database("mysql", "mysql"),
        (
            lines("memcached", "session_memcached", &server),
            place(format!("memcached at {server}"), "session_memcached"),
            refused,
        ),
        (
            lines("mongodb", "session_mongodb", &format!("mongodb://me:hush@{server}")),
            place(format!("mongodb://…@{server}, collection flask_session.sessions"), "session_mongodb"),
            refused,
        ),
        (
            lines("sqlite", "session_sqlalchemy", "sqlite:////no/such/folder/sessions.db"),
            place("SQLite file /no/such/folder/sessions.db".into(), "session_sqlalchemy"),
            "the folder of the file is missing",
        ),
        (
            lines("filesystem", "session_file_dir", "/dev/null/sessions"),
            place("folder /dev/null/sessions".into(), "session_file_dir"),
            "Not a directory",
        ),
    ]
}

#[test]
fn a_store_that_can_not_be_used_is_named_with_its_key_and_where_that_was_set() {
    for (toml, place, reason) in unusable_stores() {
        let refused = Launch::new(PROBE).toml(&format!("[default]\n{toml}")).refused();
        let line =
            refused.lines().find(|line| line.contains("sessions can't be served from")).unwrap_or(&refused);
        assert!(line.contains(&place), "{place} is missing in: {line}");
        assert_eq!(line.matches(reason).count(), 1, "{reason}: {line}");
        assert!(line.len() < 400 && !line.contains("hush") && !line.contains('{'), "{line}");
    }
    let variable = "ROCKET_SESSION_SQLALCHEMY";
    let refused = Launch::new(PROBE)
        .toml("[default]\nsession_type = \"sqlite\"\n")
        .env(variable, "sqlite:////no/such/folder/sessions.db")
        .refused();
    let place = format!("(session_sqlalchemy, set in the environment variable {variable})");
    assert!(refused.contains(&place), "{refused}");
}

#[test]
fn an_old_store_that_can_not_be_used_is_named_with_its_key_and_where_that_was_set() {
    let port = session_tests::port::free_port();
    let toml = format!(
        "[default]\nsession_type = \"memory\"\n\
         session_migrate_from = {{ type = \"redis\", redis = \"redis://me:hush@127.0.0.1:{port}\" }}\n"
    );
    let refused = Launch::new(PROBE).toml(&toml).refused();
    let place = format!(
        "moved out of redis://…@127.0.0.1:{port} (session_migrate_from, set in Rocket.toml, profile [default])"
    );
    assert!(refused.contains(&place) && refused.contains("Connection refused"), "{refused}");
    assert!(!refused.contains("hush"), "{refused}");
}
