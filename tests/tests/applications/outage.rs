//! Redis goes away under a running application.

use std::time::{Duration, Instant};

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;

fn launch(redis: &Redis) -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe"))
        .toml("[default]\nsession_type = \"redis\"\n")
        .env("ROCKET_SESSION_REDIS", &redis.url())
        .start()
}

/// The answers of the pages to a visitor who is logged in, while the store does not work.
fn pages_that_need_the_session_answer_503(app: &App, visitor: &Client) {
    for path in ["/read", "/typed", "/member"] {
        let asked = Instant::now();
        let answer = visitor.get(path).send();
        assert!(asked.elapsed() < Duration::from_secs(5), "{path} took {:?}", asked.elapsed());
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{path}");
        assert!(answer.set_cookies().is_empty(), "{path}");
    }
    let write = visitor.post("/ops").json(&json!({ "ops": [["set", "k", "v"]] })).send();
    assert_eq!(write.status, 503);
    assert_eq!(visitor.get("/untouched").send().text(), "ok");
    assert!(app.output().contains("/read"), "the log names the route\n{}", app.output());
}

#[test]
fn a_stopped_redis_is_a_503_and_the_visitor_is_logged_in_when_it_is_back() {
    let mut redis = Redis::start();
    let app = launch(&redis);
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    assert_eq!(visitor.get("/login?name=momo&items=1").send().status, 200, "{}", app.output());
    redis.stop();
    pages_that_need_the_session_answer_503(&app, &visitor);
    redis.restart();
    // The breaker tries again every half second; how soon is what the poll finds out.
    assert!(poll::until(PATIENCE, || visitor.get("/read").send().status == 200), "{}", app.output());
    assert_eq!(visitor.get("/read").send().text(), "momo");
}

#[test]
fn a_redis_that_stands_still_is_a_503_too() {
    let redis = Redis::start();
    let app = launch(&redis);
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    visitor.get("/login?name=momo&items=1").send();
    redis.pause();
    pages_that_need_the_session_answer_503(&app, &visitor);
    redis.resume();
    assert!(poll::until(PATIENCE, || visitor.get("/read").send().status == 200), "{}", app.output());
    assert_eq!(visitor.get("/read").send().text(), "momo");
}
