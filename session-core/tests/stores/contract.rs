//! What every store must do: checks that take any store.
//!
//! Each check uses keys of its own, so that one store serves all of them.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use session_core::store::{Call, Loaded, New, Store, StoreError, Swap, Touch};
use tokio::time::{Instant, timeout_at};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A call at the real time, with plenty of time to answer.
pub(crate) fn call() -> Call {
    Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_secs(10) }
}

pub(crate) fn new(bytes: &[u8]) -> Option<New<'_>> {
    Some(New { bytes, lifetime: HOUR })
}

pub(crate) fn done() -> Swap {
    Swap::Done { version: None }
}

/// Waits for a store's answer as callers do: until the deadline, then the future is dropped.
pub(crate) async fn within<T>(
    call: Call,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(call.deadline, answer).await.unwrap_or_else(|_| Err(StoreError::timeout()))
}

/// What the store holds, without extending its life.
pub(crate) async fn stored(store: &dyn Store, key: &str) -> Option<Loaded> {
    let call = call();
    within(call, store.load(call, key, None)).await.expect("load")
}

async fn create(store: &dyn Store, key: &str, bytes: &[u8]) -> Loaded {
    let swap = store.swap(call(), key, None, new(bytes)).await.expect("create");
    assert!(matches!(swap, Swap::Done { .. }), "{key} was there already");
    stored(store, key).await.expect("a record that was just created")
}

/// The current record of a conflict; any other answer fails the test.
fn conflict(swap: Swap) -> Option<Vec<u8>> {
    match swap {
        Swap::Conflict(current) => current.map(|current| current.bytes.to_vec()),
        Swap::Done { .. } => panic!("the swap was done, expected a conflict"),
    }
}

fn is_done(swap: &Swap) -> bool {
    matches!(swap, Swap::Done { .. })
}

/// Runs every check.
pub(crate) async fn holds(store: Arc<dyn Store>) {
    let s = &*store;
    s.ping(call()).await.expect("ping");
    a_record_is_created_only_where_there_is_none(s).await;
    only_the_expected_record_is_replaced(s).await;
    only_the_expected_record_is_deleted(s).await;
    an_absent_record_never_matches_bytes(s).await;
    a_conflict_is_one_even_where_the_current_record_equals_the_new_one(s).await;
    a_conflict_gives_what_the_next_swap_may_expect(s).await;
    a_swap_from_nothing_to_nothing_is_done_only_where_nothing_is(s).await;
    delete_needs_no_expectation_and_says_whether_there_was_a_record(s).await;
    keys_do_not_share_records(s).await;
    every_byte_survives(s).await;
    loading_with_touch_changes_no_byte_and_creates_nothing(s).await;
    exactly_one_of_many_swaps_with_one_expectation_wins(&store).await;
    increments_by_compare_and_swap_are_never_lost(&store).await;
    a_delete_during_swaps_leaves_nothing(&store).await;
}

async fn a_record_is_created_only_where_there_is_none(store: &dyn Store) {
    let key = "contract:create";
    assert_eq!(stored(store, key).await, None);
    create(store, key, b"first").await;
    let again = store.swap(call(), key, None, new(b"second")).await.unwrap();
    assert_eq!(conflict(again).as_deref(), Some(&b"first"[..]));
    assert_eq!(stored(store, key).await.unwrap().bytes, "first");
}

async fn only_the_expected_record_is_replaced(store: &dyn Store) {
    let key = "contract:replace";
    let first = create(store, key, b"first").await;
    assert!(is_done(&store.swap(call(), key, Some(&first), new(b"second")).await.unwrap()));
    let late = store.swap(call(), key, Some(&first), new(b"third")).await.unwrap();
    assert_eq!(conflict(late).as_deref(), Some(&b"second"[..]));
    assert_eq!(stored(store, key).await.unwrap().bytes, "second");
}

async fn only_the_expected_record_is_deleted(store: &dyn Store) {
    let key = "contract:delete-by-swap";
    let first = create(store, key, b"first").await;
    assert!(is_done(&store.swap(call(), key, Some(&first), new(b"second")).await.unwrap()));
    let late = store.swap(call(), key, Some(&first), None).await.unwrap();
    assert_eq!(conflict(late).as_deref(), Some(&b"second"[..]));
    let second = stored(store, key).await.unwrap();
    assert!(is_done(&store.swap(call(), key, Some(&second), None).await.unwrap()));
    assert_eq!(stored(store, key).await, None);
}

async fn an_absent_record_never_matches_bytes(store: &dyn Store) {
    let key = "contract:absent";
    let gone = create(store, key, b"").await;
    assert!(store.delete(call(), key).await.unwrap());
    for expected in [&gone, &Loaded::new("x"), &Loaded::new("")] {
        let revival = store.swap(call(), key, Some(expected), new(b"revived")).await.unwrap();
        assert_eq!(conflict(revival), None);
        let removal = store.swap(call(), key, Some(expected), None).await.unwrap();
        assert_eq!(conflict(removal), None);
    }
    assert_eq!(stored(store, key).await, None);
}

async fn a_conflict_is_one_even_where_the_current_record_equals_the_new_one(store: &dyn Store) {
    let key = "contract:same";
    let base = create(store, key, b"1").await;
    assert!(is_done(&store.swap(call(), key, Some(&base), new(b"2")).await.unwrap()));
    let twin = store.swap(call(), key, Some(&base), new(b"2")).await.unwrap();
    assert_eq!(conflict(twin).as_deref(), Some(&b"2"[..]));
}

async fn a_conflict_gives_what_the_next_swap_may_expect(store: &dyn Store) {
    let key = "contract:retry";
    create(store, key, b"current").await;
    let Swap::Conflict(Some(current)) = store.swap(call(), key, None, new(b"mine")).await.unwrap() else {
        panic!("expected a conflict with a record");
    };
    assert!(is_done(&store.swap(call(), key, Some(&current), new(b"mine")).await.unwrap()));
    assert_eq!(stored(store, key).await.unwrap().bytes, "mine");
}

async fn a_swap_from_nothing_to_nothing_is_done_only_where_nothing_is(store: &dyn Store) {
    let key = "contract:nothing";
    assert!(is_done(&store.swap(call(), key, None, None).await.unwrap()));
    create(store, key, b"something").await;
    let swap = store.swap(call(), key, None, None).await.unwrap();
    assert_eq!(conflict(swap).as_deref(), Some(&b"something"[..]));
}

async fn delete_needs_no_expectation_and_says_whether_there_was_a_record(store: &dyn Store) {
    let key = "contract:delete";
    assert!(!store.delete(call(), key).await.unwrap());
    create(store, key, b"x").await;
    assert!(store.delete(call(), key).await.unwrap());
    assert!(!store.delete(call(), key).await.unwrap());
    assert_eq!(stored(store, key).await, None);
    create(store, key, b"a new life").await;
}

async fn keys_do_not_share_records(store: &dyn Store) {
    create(store, "contract:aBc", b"mixed").await;
    assert_eq!(stored(store, "contract:AbC").await, None);
    assert_eq!(stored(store, "contract:aBc ").await, None);
    create(store, "contract:AbC", b"other").await;
    assert_eq!(stored(store, "contract:aBc").await.unwrap().bytes, "mixed");
}

async fn every_byte_survives(store: &dyn Store) {
    let all: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..1_048_576_u32).map(|n| (n % 251) as u8).collect();
    let records: [&[u8]; 6] = [b"", b"\0", b"\r\n$-1\r\n", b"\xff\xfe", &all, &large];
    for (n, record) in records.into_iter().enumerate() {
        let key = format!("contract:bytes:{n}");
        let loaded = create(store, &key, record).await;
        assert!(loaded.bytes == record, "record {n} was changed on its way");
        let swap = store.swap(call(), &key, None, new(b"-")).await.unwrap();
        assert!(conflict(swap).as_deref() == Some(record), "record {n} was changed in the conflict");
        assert!(is_done(&store.swap(call(), &key, Some(&loaded), new(b"+")).await.unwrap()));
    }
}

async fn loading_with_touch_changes_no_byte_and_creates_nothing(store: &dyn Store) {
    let touch = Some(Touch { lifetime: HOUR, when_left: HOUR });
    assert_eq!(store.load(call(), "contract:touch", touch).await.unwrap(), None);
    assert_eq!(stored(store, "contract:touch").await, None);
    let created = create(store, "contract:touch", b"touched").await;
    let loaded = store.load(call(), "contract:touch", touch).await.unwrap().unwrap();
    assert_eq!(loaded.bytes, created.bytes);
    assert!(is_done(&store.swap(call(), "contract:touch", Some(&loaded), new(b"new")).await.unwrap()));
}

async fn exactly_one_of_many_swaps_with_one_expectation_wins(store: &Arc<dyn Store>) {
    let key = "contract:race";
    let mut expected = None;
    for round in 0..20 {
        let racers: Vec<_> = (0..16)
            .map(|racer| {
                let (store, expected) = (Arc::clone(store), expected.clone());
                tokio::spawn(async move {
                    let mine = format!("{round}/{racer}");
                    let swap =
                        store.swap(call(), key, expected.as_ref(), new(mine.as_bytes())).await.unwrap();
                    (mine, swap)
                })
            })
            .collect();
        let mut winners = Vec::new();
        let mut losers = Vec::new();
        for racer in racers {
            let (mine, swap) = racer.await.unwrap();
            if is_done(&swap) { winners.push(mine) } else { losers.push(conflict(swap)) }
        }
        let current = stored(&**store, key).await.unwrap();
        assert_eq!(winners, [String::from_utf8(current.bytes.to_vec()).unwrap()]);
        assert!(losers.iter().all(|seen| seen.as_deref() == Some(&current.bytes)));
        expected = Some(current);
    }
}

async fn increments_by_compare_and_swap_are_never_lost(store: &Arc<dyn Store>) {
    let key = "contract:counter";
    create(&**store, key, b"0").await;
    let counters: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for _ in 0..25 {
                    let mut base = stored(&*store, key).await.unwrap();
                    loop {
                        let count: u32 = std::str::from_utf8(&base.bytes).unwrap().parse().unwrap();
                        let next = (count + 1).to_string();
                        match store.swap(call(), key, Some(&base), new(next.as_bytes())).await.unwrap() {
                            Swap::Done { .. } => break,
                            Swap::Conflict(current) => base = current.expect("nobody deletes"),
                        }
                    }
                }
            })
        })
        .collect();
    for counter in counters {
        counter.await.unwrap();
    }
    assert_eq!(stored(&**store, key).await.unwrap().bytes, "200");
}

async fn a_delete_during_swaps_leaves_nothing(store: &Arc<dyn Store>) {
    let key = "contract:logout";
    for _ in 0..50 {
        let base = create(&**store, key, b"logged in").await;
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let (store, base) = (Arc::clone(store), base.clone());
                tokio::spawn(async move {
                    let mut base = Some(base);
                    while let Some(expected) = base {
                        match store.swap(call(), key, Some(&expected), new(b"still here")).await.unwrap() {
                            Swap::Done { .. } => base = stored(&*store, key).await,
                            Swap::Conflict(current) => base = current,
                        }
                    }
                })
            })
            .collect();
        assert!(store.delete(call(), key).await.unwrap());
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(stored(&**store, key).await, None, "a swap brought an ended record back");
    }
}
