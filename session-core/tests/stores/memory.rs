//! The memory store: expiry by the time that is passed in, and its bound.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store, Swap};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::calls::done;
use crate::log_lines::captured;

/// A call so many seconds after a fixed moment.
fn at(seconds: u64) -> Call {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_164_645 + seconds);
    Call { now, deadline: Instant::now() + Duration::from_secs(10) }
}

fn for_seconds(bytes: &[u8], seconds: u64) -> Option<New<'_>> {
    Some(New { bytes, lifetime: Some(Duration::from_secs(seconds)) })
}

fn touch(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

async fn holds(store: &MemoryStore, call: Call, key: &str) -> bool {
    store.load(call, key, None).await.unwrap().is_some()
}

async fn create(store: &MemoryStore, call: Call, key: &str, seconds: u64) {
    assert_eq!(store.swap(call, key, None, for_seconds(b"x", seconds)).await.unwrap(), done());
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[tokio::test]
async fn a_record_ends_exactly_when_its_lifetime_has_passed() {
    let store = MemoryStore::new(10);
    create(&store, at(0), "k", 60).await;
    assert!(holds(&store, at(59), "k").await);
    assert!(!holds(&store, at(60), "k").await);
    assert!(!store.delete(at(60), "k").await.unwrap());
}

#[tokio::test]
async fn an_expired_record_is_absent_for_swaps_as_well() {
    let store = MemoryStore::new(10);
    create(&store, at(0), "k", 60).await;
    let expired = store.load(at(0), "k", None).await.unwrap().unwrap();
    let revival = store.swap(at(60), "k", Some(&expired), for_seconds(b"y", 60)).await.unwrap();
    assert_eq!(revival, Swap::Conflict(None));
    create(&store, at(60), "k", 60).await;
    assert!(holds(&store, at(119), "k").await);
}

#[tokio::test]
async fn nothing_alive_is_lost_when_the_time_is_set_back() {
    let store = MemoryStore::new(10);
    create(&store, at(1_000), "k", 60).await;
    assert!(!holds(&store, at(5_000_000), "k").await);
    assert!(holds(&store, at(1_000), "k").await);
    assert!(holds(&store, at(0), "k").await);
}

#[tokio::test]
async fn the_machines_clock_does_not_end_a_record() {
    let store = MemoryStore::new(10);
    let long_ago = Call { now: SystemTime::UNIX_EPOCH + Duration::from_secs(1), ..at(0) };
    let new = New { bytes: b"x", lifetime: Some(Duration::from_nanos(1)) };
    store.swap(long_ago, "k", None, Some(new)).await.unwrap();
    assert!(holds(&store, long_ago, "k").await);
}

#[tokio::test]
async fn a_load_with_touch_sets_the_remaining_life() {
    let store = MemoryStore::new(10);
    create(&store, at(0), "k", 60).await;
    assert!(store.load(at(59), "k", touch(60)).await.unwrap().is_some());
    assert!(holds(&store, at(118), "k").await);
    assert!(store.load(at(118), "k", touch(1)).await.unwrap().is_some());
    assert!(!holds(&store, at(119), "k").await);
    assert_eq!(store.load(at(119), "k", touch(60)).await.unwrap(), None);
    assert!(!holds(&store, at(119), "k").await, "a touch revived an expired record");
}

#[tokio::test]
async fn a_load_shares_the_records_bytes() {
    let store = MemoryStore::new(10);
    store.swap(at(0), "k", None, for_seconds(&[7; 1_000], 60)).await.unwrap();
    let one: Loaded = store.load(at(1), "k", touch(60)).await.unwrap().unwrap();
    let two: Loaded = store.load(at(2), "k", None).await.unwrap().unwrap();
    assert_eq!(one.bytes.as_ptr(), two.bytes.as_ptr());
}

#[tokio::test]
async fn a_lifetime_beyond_the_end_of_time_is_for_ever() {
    let store = MemoryStore::new(10);
    let new = New { bytes: b"x", lifetime: Some(Duration::MAX) };
    store.swap(at(0), "k", None, Some(new)).await.unwrap();
    assert!(holds(&store, at(10_000_000_000), "k").await);
}

#[tokio::test]
async fn purge_removes_and_counts_what_has_expired_and_nothing_else() {
    let store = MemoryStore::new(100);
    for n in 0..10 {
        create(&store, at(0), &format!("k{n}"), 10 + n).await;
    }
    assert_eq!(store.purge(at(9)).await.unwrap(), 0);
    assert_eq!(store.purge(at(14)).await.unwrap(), 5);
    assert_eq!(store.purge(at(14)).await.unwrap(), 0);
    assert!(!holds(&store, at(0), "k4").await, "it was only expired, not removed");
    assert!(holds(&store, at(14), "k5").await);
}

#[test]
fn a_delete_wins_against_swaps_at_the_same_instant() {
    let store = MemoryStore::new(10);
    let running = AtomicBool::new(true);
    let revivals = std::thread::scope(|threads| {
        threads.spawn(|| {
            runtime().block_on(async {
                while running.load(Ordering::Relaxed) {
                    if let Some(current) = store.load(at(0), "k", None).await.unwrap() {
                        store.swap(at(0), "k", Some(&current), for_seconds(b"late", 60)).await.unwrap();
                    }
                }
            });
        });
        let revivals = runtime().block_on(async {
            let mut revivals = 0;
            for _ in 0..20_000 {
                let created = store.swap(at(0), "k", None, for_seconds(b"x", 60)).await.unwrap();
                revivals += u32::from(created != done());
                store.delete(at(0), "k").await.unwrap();
            }
            revivals
        });
        running.store(false, Ordering::Relaxed);
        revivals
    });
    assert_eq!(revivals, 0, "swaps brought deleted records back");
}

#[tokio::test]
async fn a_full_store_keeps_the_newest_and_the_recently_used() {
    let store = MemoryStore::new(3);
    for key in ["a", "b", "c"] {
        create(&store, at(0), key, 60).await;
    }
    assert!(holds(&store, at(1), "a").await);
    create(&store, at(2), "d", 60).await;
    assert!(holds(&store, at(3), "d").await, "the newest session was refused");
    assert!(holds(&store, at(3), "a").await, "a session in use had to go");
    assert!(!holds(&store, at(3), "b").await);
}

#[tokio::test]
async fn evicting_live_sessions_is_logged_once_a_minute_without_ids() {
    let log = captured("(2 sessions,");
    let store = MemoryStore::new(2);
    for n in 0..50 {
        create(&store, at(0), &format!("secret-id-{n}"), 600).await;
    }
    assert_eq!(log.lines(), 1);
    create(&store, at(59), "secret-id-50", 600).await;
    assert_eq!(log.lines(), 1);
    create(&store, at(60), "secret-id-51", 600).await;
    assert_eq!(log.lines(), 2);
    assert!(log.text().contains("49 evicted"), "{}", log.text());
    assert!(!log.text().contains("secret"), "{}", log.text());
}

#[tokio::test]
async fn removing_expired_sessions_to_make_room_is_not_worth_a_warning() {
    let log = captured("(5 sessions,");
    let store = MemoryStore::new(5);
    for n in 0..50 {
        create(&store, at(n * 100), &format!("k{n}"), 60).await;
    }
    assert_eq!(log.lines(), 0);
}

#[tokio::test]
async fn a_flood_of_new_visitors_pushes_out_nobody_who_has_come_back() {
    let store = MemoryStore::new(2_000);
    create(&store, at(0), "logged in", 600).await;
    assert!(holds(&store, at(1), "logged in").await);
    for n in 0..2_100 {
        create(&store, at(2), &format!("visitor-{n}"), 600).await;
    }
    assert!(holds(&store, at(3), "logged in").await);
    assert!(!holds(&store, at(3), "visitor-0").await && holds(&store, at(3), "visitor-2099").await);
}

#[tokio::test]
async fn a_store_full_of_known_sessions_takes_new_ones_into_an_eighth_of_its_room() {
    let store = MemoryStore::new(80);
    for n in 0..80 {
        create(&store, at(0), &format!("known-{n}"), 600).await;
        assert!(holds(&store, at(0), &format!("known-{n}")).await);
    }
    for n in 0..500 {
        create(&store, at(1), &format!("visitor-{n}"), 600).await;
    }
    // The new one comes on top of its share, and then the oldest new one leaves.
    for n in 0..10 {
        assert!(!holds(&store, at(2), &format!("known-{n}")).await, "{n}");
    }
    for n in 10..80 {
        assert!(holds(&store, at(2), &format!("known-{n}")).await, "{n}");
    }
    for n in 490..500 {
        assert!(holds(&store, at(2), &format!("visitor-{n}")).await, "{n}");
    }
}

#[tokio::test]
async fn the_bytes_of_all_sessions_are_bounded() {
    let store = MemoryStore::new(1_000).max_bytes(20_000);
    let record = [7; 1_000];
    for n in 0..50 {
        let key = format!("k{n}");
        assert_eq!(store.swap(at(0), &key, None, for_seconds(&record, 600)).await.unwrap(), done());
    }
    let mut kept = 0;
    for n in 0..50 {
        kept += u32::from(holds(&store, at(0), &format!("k{n}")).await);
    }
    // Each takes its record, twice its key and 256 bytes.
    assert_eq!(kept, 15);
    // A session that grows makes room as a new one does, and does not leave itself.
    let current = store.load(at(1), "k49", None).await.unwrap();
    let grown = [8; 15_000];
    assert_eq!(store.swap(at(1), "k49", current.as_ref(), for_seconds(&grown, 600)).await.unwrap(), done());
    assert!(holds(&store, at(1), "k49").await && !holds(&store, at(1), "k35").await);
}

#[tokio::test]
async fn a_record_larger_than_all_room_is_refused_and_pushes_out_nobody() {
    let store = MemoryStore::new(10).max_bytes(1_000);
    create(&store, at(0), "k", 600).await;
    let error = store.swap(at(0), "l", None, for_seconds(&[7; 1_000], 600)).await.unwrap_err();
    assert!(error.is_too_large() && error.to_string().contains("at most 742"), "{error}");
    assert!(holds(&store, at(0), "k").await && !holds(&store, at(0), "l").await);
}

#[tokio::test]
async fn deleted_replaced_and_expired_sessions_take_no_room() {
    let store = MemoryStore::new(3);
    create(&store, at(0), "kept", 6_000).await;
    for n in 0..100 {
        create(&store, at(0), "deleted", 600).await;
        assert!(store.delete(at(0), "deleted").await.unwrap());
        create(&store, at(n * 100), "expired", 60).await;
        let current = store.load(at(n * 100), "expired", None).await.unwrap();
        let replaced = store.swap(at(n * 100), "expired", current.as_ref(), for_seconds(b"y", 60)).await;
        assert_eq!(replaced.unwrap(), done());
    }
    create(&store, at(0), "third", 600).await;
    assert!(holds(&store, at(0), "kept").await);
}
