//! The application ends while requests are running.

use std::thread;

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;
use session_tests::resp::Reply;

fn launch(redis: &Redis) -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe"))
        .toml("[default]\nsession_type = \"redis\"\n")
        .env("ROCKET_SESSION_REDIS", &redis.url())
        .start()
}

/// Whether Redis has been asked for a session since its statistics were reset.
fn was_read(redis: &Redis) -> bool {
    match redis.command(&["INFO", "commandstats"]) {
        Reply::Bytes(text) => String::from_utf8_lossy(&text).contains("cmdstat_getex:"),
        other => panic!("INFO gave {other:?}"),
    }
}

#[test]
fn a_request_that_runs_at_the_shutdown_is_saved_and_answered() {
    let redis = Redis::start();
    let (ending, jar) = (launch(&redis), Jar::default());
    let visitor = Client::with_jar(&ending.url(), &jar);
    assert_eq!(visitor.get("/login?name=momo&items=1").send().status, 200);
    redis.command(&["CONFIG", "RESETSTAT"]);
    thread::scope(|scope| {
        let running =
            scope.spawn(|| visitor.post("/typed").json(&json!({ "sleep_ms": 500, "a": "late" })).send());
        assert!(poll::until(PATIENCE, || was_read(&redis)), "the request never used its session");
        ending.shut_down();
        let answer = running.join().expect("a visitor's thread");
        assert_eq!((answer.status, &answer.json()["a"]), (200, &json!("late")));
    });
    let next = launch(&redis);
    assert_eq!(Client::with_jar(&next.url(), &jar).get("/typed").send().json()["a"], "late");
}
