//! Addresses of sentinels that are wrong: what the launch says.

use session_tests::app::Launch;
use session_tests::lent::Lent;
use session_tests::redis_sentinel::{FakeSentinel, MASTER, RedisSentinel, Says};

/// What the launch says with this address.
fn refused(url: &str) -> String {
    let said = Launch::new(env!("CARGO_BIN_EXE_probe"))
        .toml(&format!("[default]\nsession_type = \"redis\"\nsession_redis = {url:?}\n"))
        .refused();
    for secret in ["of-servers", "of-sentinels", "mistaken"] {
        assert!(!said.contains(secret), "a password is shown\n{said}");
    }
    said
}

fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}

#[test]
fn a_wrong_login_is_told_with_the_sentinel_or_the_server_that_refused_it() {
    let redis = Lent::<RedisSentinel>::take();
    let [sentinel, server] =
        [&redis.sentinels()[0], &redis.servers()[0]].map(|node| format!("127.0.0.1:{}", node.port()));
    let url = redis.url();
    for wrong in [url.replace("of-sentinels", "mistaken"), url.split('?').next().unwrap().to_owned()] {
        assert_says(&refused(&wrong), &["session_redis", "sentinel", &sentinel]);
    }
    let said = refused(&url.replace("of-servers", "mistaken"));
    assert_says(&said, &[&format!("server {server}, which the sentinels name"), "assword"]);
}

#[test]
fn a_name_that_no_sentinel_knows_is_told() {
    let redis = Lent::<RedisSentinel>::take();
    let said = refused(&redis.url().replace(&format!("/{MASTER}/"), "/another/"));
    assert_says(&said, &["knows no master", "another"]);
}

#[test]
fn sentinels_that_do_not_answer_are_told_each_with_its_reason() {
    let silent = FakeSentinel::start(Says::Silence);
    let gone = session_tests::port::free_port();
    let said = refused(&format!("redis+sentinel://127.0.0.1:{},127.0.0.1:{gone}/{MASTER}", silent.port()));
    assert_says(&said, &[&format!("sentinel 127.0.0.1:{gone}"), "refused"]);
}
