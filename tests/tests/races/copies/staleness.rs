//! A session that was deleted is read from no copy later than `session_redis_cache` says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rocket_session_state_core::store::{RedisStore, Store};
use session_tests::budget;
use session_tests::proxy::{Proxy, Way};
use session_tests::redis::Redis;

use super::{LASTS, copied, copy, copying, new, plain};
use crate::copies::call;

/// As many sessions end one after another while all of them are read.
const AT_ONCE: usize = 50;

/// Reads all keys again and again; ends with the last moment at which a read of each began that found it.
fn reader(
    store: &Arc<RedisStore>,
    keys: &Arc<Vec<String>>,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<Vec<Option<Instant>>> {
    let (store, keys, stop) = (Arc::clone(store), Arc::clone(keys), Arc::clone(stop));
    thread::spawn(move || {
        let mut seen = vec![None; keys.len()];
        while !stop.load(Relaxed) {
            for (key, seen) in keys.iter().zip(&mut seen) {
                let began = Instant::now();
                if copy(&store, key).is_some() {
                    *seen = Some(began);
                }
            }
        }
        seen
    })
}

/// Deletes sessions in one process which are read in another. `spoil` is called when all are copied. Returns how long
/// after the answer to its deletion a session was seen at most.
async fn delete_some(server: &Redis, here: &Arc<RedisStore>, spoil: impl FnOnce()) -> Duration {
    let elsewhere = plain(server);
    let keys: Arc<Vec<String>> = Arc::new((0..AT_ONCE).map(|number| format!("session:{number}")).collect());
    for key in keys.iter() {
        elsewhere.swap(call(), key, None, new(b"record")).await.unwrap();
    }
    for key in keys.iter() {
        copied(here, key).await;
    }
    let stop = Arc::default();
    let readers = [(); 2].map(|()| reader(here, &keys, &stop));
    spoil();
    let mut answered = Vec::new();
    for key in keys.iter() {
        assert!(elsewhere.delete(call(), key).await.unwrap());
        answered.push(Instant::now());
    }
    // Whoever reads on reads nothing more.
    rocket::tokio::time::sleep(LASTS * 2).await;
    stop.store(true, Relaxed);
    let mut latest = Duration::ZERO;
    for reader in readers {
        for (seen, answered) in reader.join().unwrap().into_iter().zip(&answered) {
            latest =
                latest.max(seen.map_or(Duration::ZERO, |seen| seen.saturating_duration_since(*answered)));
        }
    }
    latest
}

async fn delete_many() {
    let server = Redis::start();
    let here = Arc::new(copying(&server.url()));
    for _ in 0..budget::amount("ROUNDS", 500, 10_000) as usize / AT_ONCE {
        let latest = delete_some(&server, &here, || {}).await;
        assert!(latest < LASTS, "a deleted session was read {latest:?} after the answer");
    }
}

#[rocket::async_test]
async fn a_deleted_session_is_read_for_no_longer_than_a_copy_may_be_used() {
    delete_many().await;
}

/// Keeps all cores busy, twice over.
struct Busy(Arc<AtomicBool>);

impl Busy {
    fn begin() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..thread::available_parallelism().unwrap().get() * 2 {
            let stop = Arc::clone(&stop);
            thread::spawn(move || while !stop.load(Relaxed) {});
        }
        Busy(stop)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[rocket::async_test]
async fn nor_is_it_where_all_cores_are_overloaded() {
    let _busy = Busy::begin();
    delete_many().await;
}

#[rocket::async_test]
async fn nor_is_it_where_nothing_is_heard_of_the_server_any_more() {
    let server = Redis::start();
    let proxy = Proxy::to(server.port());
    for _ in 0..budget::amount("ROUNDS", 3, 100) {
        proxy.set(Way::Open);
        let here = Arc::new(copying(&format!("redis://127.0.0.1:{}", proxy.port())));
        let latest = delete_some(&server, &here, || proxy.set(Way::Silent)).await;
        assert!(latest < LASTS, "a deleted session was read {latest:?} after the answer");
    }
}
