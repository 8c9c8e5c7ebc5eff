//! An application whose writes wait for a replica, while that stands still.

use std::time::{Duration, Instant};

use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;

fn launch(redis: &Redis) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!(
        "[default]\nsession_type = \"redis\"\nsession_redis = \"{}\"\nsession_redis_wait_replicas = 1\n\
         session_breaker_after = 2\n",
        redis.url()
    ))
}

#[test]
fn while_the_replica_stands_still_writes_are_503_and_reads_go_on() {
    let redis = Redis::start();
    let replica = redis.replica();
    let app = launch(&redis).start();
    let jar = Jar::default();
    let visitor = Client::with_jar(&app.url(), &jar);
    assert_eq!(visitor.get("/login?name=momo").send().status, 200);
    replica.pause();
    // More failures than close the breaker of writes.
    for number in 0..4 {
        let began = Instant::now();
        assert_eq!(visitor.get(&format!("/set_a?v={number}")).send().status, 503);
        // A deadline is a second; a machine that is busy has some more.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(visitor.get("/member").send().status, 200, "reads go on");
    }
    replica.resume();
    let again = poll::until(PATIENCE, || visitor.get("/set_a?v=again").send().status == 200);
    assert!(again, "no write succeeds although the replica is back:\n{}", app.output());
    assert!(app.output().contains("fewer replicas than session_redis_wait_replicas"), "{}", app.output());
}

#[test]
fn without_the_replica_nothing_launches() {
    let redis = Redis::start();
    let output = launch(&redis).refused();
    assert!(output.contains("to create a record"), "{output}");
    assert!(output.contains("fewer replicas than session_redis_wait_replicas"), "{output}");
}
