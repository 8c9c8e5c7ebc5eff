//! All processes come to read what was written last, and no process reads backwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rocket::tokio::task::yield_now;
use rocket::tokio::time::sleep;
use rocket_session_state_core::store::{Loaded, RedisStore, Store, Swap};
use session_tests::redis::Redis;

use super::{PATIENCE, call, copy, copying, new, plain};

const KEYS: usize = 300;
const WRITES: u64 = 20;
const READERS: usize = 4;

/// What a session reads: a copy, or the record.
async fn read(store: &RedisStore, key: &str) -> u64 {
    let loaded = match copy(store, key) {
        Some(copy) => copy,
        None => store.load(call(), key, None).await.unwrap().unwrap(),
    };
    u64::from_be_bytes(loaded.bytes.as_ref().try_into().unwrap())
}

/// Reads all keys until the writer is done, and then each until it is the last that was written.
async fn read_all(store: RedisStore, keys: Arc<Vec<String>>, is_over: Arc<AtomicBool>) {
    let mut before = vec![0; keys.len()];
    let mut check = |number: usize, now: u64| {
        assert!(now >= before[number], "{number} was {} and then {now}", before[number]);
        before[number] = now;
    };
    while !is_over.load(Relaxed) {
        for (number, key) in keys.iter().enumerate() {
            check(number, read(&store, key).await);
            // To read a copy gives nobody else a turn.
            yield_now().await;
        }
    }
    let began = Instant::now();
    for (number, key) in keys.iter().enumerate() {
        loop {
            let now = read(&store, key).await;
            check(number, now);
            if now == WRITES {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{number} stays {now}, and is {WRITES}");
            sleep(Duration::from_millis(1)).await;
        }
    }
}

#[rocket::async_test]
async fn of_three_hundred_sessions_that_one_process_writes_none_stays_old_in_four_others() {
    let server = Redis::start();
    let writer = plain(&server);
    let keys: Arc<Vec<String>> = Arc::new((0..KEYS).map(|number| format!("session:{number}")).collect());
    for key in keys.iter() {
        writer.swap(call(), key, None, new(&0_u64.to_be_bytes())).await.unwrap();
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            rocket::tokio::spawn(read_all(copying(&server.url()), Arc::clone(&keys), Arc::clone(&is_over)))
        })
        .collect();
    for write in 1..=WRITES {
        for key in keys.iter() {
            let expected = Loaded::new((write - 1).to_be_bytes().to_vec());
            let swapped = writer.swap(call(), key, Some(&expected), new(&write.to_be_bytes())).await.unwrap();
            assert_eq!(swapped, Swap::Done { version: None });
        }
    }
    is_over.store(true, Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}
