//! Sessions that are read from copies (`session_redis_cache`): how old those can be, and that nothing is lost by them.

mod agreement;
mod staleness;
mod strict;
mod visitors;

use std::time::{Duration, Instant, SystemTime};

use rocket_session_state_core::store::{Call, Loaded, New, RedisStore, Store};
use session_tests::redis::Redis;

/// How old a copy may be.
const LASTS: Duration = Duration::from_millis(100);
/// Longer than any of this takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn copying(url: &str) -> RedisStore {
    RedisStore::from_url(url).unwrap().cache(LASTS, 64 << 20).unwrap()
}

fn plain(server: &Redis) -> RedisStore {
    RedisStore::from_url(&server.url()).unwrap()
}

fn call() -> Call {
    Call { now: SystemTime::now(), deadline: rocket::tokio::time::Instant::now() + PATIENCE }
}

fn new(bytes: &[u8]) -> Option<New<'_>> {
    Some(New { bytes, lifetime: Some(Duration::from_secs(3600)) })
}

fn copy(store: &RedisStore, key: &str) -> Option<Loaded> {
    store.copy(SystemTime::now(), key)
}

/// Loads a record until there is a copy of it.
async fn copied(store: &RedisStore, key: &str) {
    let began = Instant::now();
    while copy(store, key).is_none() {
        assert!(store.load(call(), key, None).await.unwrap().is_some(), "there is no record");
        assert!(began.elapsed() < PATIENCE, "there is no copy");
    }
}
