//! The login example with its sessions in Redis.

use std::time::Duration;

use session_tests::app::{App, Launch, example};
use session_tests::client::{Answer, Client};
use session_tests::jar::Jar;
use session_tests::redis::Redis;

const LIFETIME: u64 = 7200;

fn launch(redis: &Redis) -> App {
    let launch = Launch::new(example("login")).env("ROCKET_SESSION_TYPE", "redis");
    launch.env("ROCKET_SESSION_REDIS", &redis.url()).start()
}

fn log_in(visitor: &Client, name: &str) -> Answer {
    visitor.post("/login").form(&[("username", name)]).send()
}

#[test]
fn a_session_in_redis_is_flask_sessions_record_and_survives_a_restart() {
    let redis = Redis::start();
    let jar = Jar::default();
    let app = launch(&redis);
    log_in(&Client::with_jar(&app.url(), &jar), "游客");

    let keys = redis.keys();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let id = keys[0].strip_prefix("session:").expect("the key prefix");
    assert_eq!(id.len(), 43);
    assert_eq!(jar.get("session").as_deref(), Some(id));
    let left = redis.ttl(&keys[0]).expect("a lifetime");
    assert!(left <= Duration::from_secs(LIFETIME) && left > Duration::from_secs(LIFETIME - 60), "{left:?}");
    let record = redis.get(&keys[0]).expect("a record");
    assert!(String::from_utf8_lossy(&record).contains("游客"), "{}", record.escape_ascii());

    app.shut_down();
    let app = launch(&redis);
    assert!(Client::with_jar(&app.url(), &jar).get("/").send().text().contains("游客"));
}

#[test]
fn a_changed_line_of_the_examples_own_configuration_takes_effect() {
    let own = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/login/Rocket.toml"))
        .expect("the example's Rocket.toml");
    let changed = own.replacen("\"2 hours\"", "\"30 seconds\"", 1);
    assert_ne!(own, changed);
    let app = Launch::new(example("login")).toml(&format!("{changed}\n")).start();
    let visitor = Client::new(&app.url());
    visitor.post("/login").form(&[("username", "momo")]).send();
    let redis = Redis::start();
    let app = Launch::new(example("login"))
        .toml(&changed)
        .env("ROCKET_SESSION_TYPE", "redis")
        .env("ROCKET_SESSION_REDIS", &redis.url())
        .start();
    log_in(&Client::new(&app.url()), "momo");
    let left = redis.ttl(&redis.keys()[0]).expect("a lifetime");
    assert!(left <= Duration::from_secs(30), "{left:?}");
}
