//! Two stores that can be stopped at any point.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "pickle")]
use bytes::Bytes;
use tokio::time::{Instant, timeout};

use rocket_session_state_conformance::{Fault, Faulty, Held, HoldPoint, Operation, Suite};
use rocket_session_state_core::Chain;
use rocket_session_state_core::codec::Format;
#[cfg(feature = "pickle")]
use rocket_session_state_core::codec::Record;
use rocket_session_state_core::store::migrating::{MigratingStore, MigrationSettings};
use rocket_session_state_core::store::{Call, DynStore, Loaded, MemoryStore, New, Store, StoreError, Swap};
use rocket_session_state_core::value::Value;

use crate::calls::Answering;

type Side = Arc<Faulty<MemoryStore>>;

const LIFETIME: Duration = Duration::from_secs(3600);

/// The new store, the old one, and both as one.
fn stores() -> (Side, Side, Arc<MigratingStore>) {
    let [new, old] = [(); 2].map(|()| Arc::new(Faulty::new(MemoryStore::new(1_000))));
    let moving = moving(Arc::clone(&new), Arc::clone(&old), Format::Msgpack);
    (new, old, moving)
}

/// Ids have another prefix in the old store.
fn moving(new: impl Store, old: impl Store, format: Format) -> Arc<MigratingStore> {
    let prefixes = ["old:".to_owned(), "new:".to_owned()];
    let call_timeout = Duration::from_secs(1);
    let settings = MigrationSettings { prefixes, lifetime: LIFETIME, format, breaker_after: 5, call_timeout };
    Arc::new(MigratingStore::new(DynStore::new(new), DynStore::new(old), settings))
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_704_164_645)
}

fn call() -> Call {
    Call { now: now(), deadline: Instant::now() + Duration::from_secs(10) }
}

/// A record in msgpack: `{"n": number}`.
fn record(number: u8) -> Vec<u8> {
    vec![0x81, 0xa1, b'n', number]
}

async fn put(store: &impl Store, key: &str, bytes: &[u8]) {
    let current = store.load(call(), key, None).await.unwrap();
    let new = Some(New { bytes, lifetime: Some(LIFETIME) });
    assert!(matches!(store.swap(call(), key, current.as_ref(), new).await, Ok(Swap::Done { .. })));
}

async fn get(store: &impl Store, key: &str) -> Option<Vec<u8>> {
    store.load(call(), key, None).await.unwrap().map(|loaded| loaded.bytes.to_vec())
}

/// A load that is blocked where it is held.
async fn stopped(
    moving: &Arc<MigratingStore>,
    mut held: Held,
) -> (tokio::task::JoinHandle<Option<Vec<u8>>>, Held) {
    let loading = tokio::spawn({
        let moving = Arc::clone(moving);
        async move { get(&*moving, "new:a").await }
    });
    held.reached().await.unwrap();
    (loading, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_pass_the_suite_as_one() {
    let (_, _, moving) = stores();
    Suite::new(moving).run().await.unwrap();
}

#[tokio::test]
async fn a_record_is_moved_at_its_first_use_and_from_then_on_costs_no_more_than_without() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    assert_eq!(old.calls(), 2, "to write it");
    assert_eq!(get(&*moving, "new:a").await.unwrap(), record(1));
    assert_eq!((new.calls(), old.calls()), (3, 2));
    assert_eq!(get(&*moving, "new:a").await.unwrap(), record(1));
    put(&*moving, "new:a", &record(2)).await;
    assert_eq!((new.calls(), old.calls()), (3, 0));
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(2)), None));
}

#[tokio::test]
async fn a_moved_record_has_the_format_of_the_new_store_and_the_life_that_was_left_to_it() {
    let (new, old, moving) = stores();
    let second = Duration::from_secs(1);
    // Shorter than others, or longer: it may have a life of its own.
    for (key, life) in [("a", LIFETIME / 12), ("b", LIFETIME), ("c", 100 * LIFETIME)] {
        let (old_key, new_key) = (format!("old:{key}"), format!("new:{key}"));
        let json = Some(New { bytes: br#"{"n":1}"#, lifetime: Some(life) });
        old.swap(call(), &old_key, None, json).await.unwrap();
        let after = |by: Duration| Call { now: now() + by, ..call() };
        let moved = moving.load(after(second), &new_key, None).await.unwrap().unwrap();
        assert_eq!((&*moved.bytes, moved.expires), (&*record(1), Some(now() + life)));
        assert!(new.load(after(life - second), &new_key, None).await.unwrap().is_some());
        assert!(new.load(after(life), &new_key, None).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_record_that_is_touched_as_it_is_moved_has_that_life() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let touch = LIFETIME * 2;
    let moved = moving.load(call(), "new:a", Some(touch)).await.unwrap().unwrap();
    assert_eq!(moved.expires, Some(now() + touch));
    let there = new.load(call(), "new:a", None).await.unwrap().unwrap();
    assert_eq!(there.expires, Some(now() + touch));
}

#[cfg(feature = "pickle")]
#[tokio::test]
async fn whatever_the_format_was_what_is_moved_into_files_is_a_pickle() {
    for bytes in [&record(1)[..], br#"{"n":1}"#, b"\x80\x04}\x8c\x01nK\x01s."] {
        let (new, old, _) = stores();
        let moving = moving(Arc::clone(&new), Arc::clone(&old), Format::Pickle);
        put(&*old, "old:a", bytes).await;
        assert!(get(&*moving, "new:a").await.is_some());
        let moved = Bytes::from(get(&*new, "new:a").await.unwrap());
        let record = Record::read(Format::Pickle, moved).unwrap().unwrap();
        let value = record.get("n").map(|raw| Format::Pickle.decode(raw).unwrap());
        assert_eq!(value, Some(Value::Int(1)), "{bytes:?}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_moved_as_it_is() {
    let (_, old, moving) = stores();
    put(&*old, "old:a", b"no record").await;
    assert_eq!(get(&*moving, "new:a").await.unwrap(), b"no record");
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_moved_does_not_come_back() {
    for moment in [HoldPoint::Before, HoldPoint::After] {
        let (new, old, moving) = stores();
        put(&*old, "old:a", &record(1)).await;
        let (loading, held) = stopped(&moving, new.hold(Operation::Swap, moment)).await;
        moving.delete(call(), "new:a").await.unwrap();
        held.release();
        assert_eq!(loading.await.unwrap(), None, "{moment:?}");
        assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (None, None));
    }
}

#[tokio::test]
async fn what_is_written_to_the_old_store_while_a_record_is_moved_is_moved_too() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let (loading, held) = stopped(&moving, old.hold(Operation::Swap, HoldPoint::Before)).await;
    put(&*old, "old:a", &record(2)).await;
    held.release();
    assert_eq!(loading.await.unwrap(), Some(record(2)));
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(2)), None));
}

#[tokio::test]
async fn who_uses_the_moved_record_already_is_not_overwritten_by_what_is_written_to_the_old_one() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let (loading, held) = stopped(&moving, old.hold(Operation::Swap, HoldPoint::Before)).await;
    put(&*old, "old:a", &record(2)).await;
    put(&*new, "new:a", &record(3)).await;
    held.release();
    assert_eq!(loading.await.unwrap(), Some(record(3)));
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(3)), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_move_one_record_all_see_it_and_it_is_there_once() {
    for _ in 0..50 {
        let (new, old, moving) = stores();
        put(&*old, "old:a", &record(1)).await;
        let loads: Vec<_> = (0..8)
            .map(|_| {
                let moving = Arc::clone(&moving);
                tokio::spawn(async move { get(&*moving, "new:a").await })
            })
            .collect();
        for load in loads {
            assert_eq!(load.await.unwrap(), Some(record(1)));
        }
        assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(1)), None));
    }
}

#[tokio::test]
async fn a_record_that_is_moved_between_the_looks_into_both_stores_is_found() {
    let (_, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let (loading, held) = stopped(&moving, old.hold(Operation::Load, HoldPoint::Before)).await;
    assert_eq!(get(&*moving, "new:a").await, Some(record(1)));
    held.release();
    assert_eq!(loading.await.unwrap(), Some(record(1)));
}

#[tokio::test]
async fn a_record_that_is_moved_while_it_is_written_is_written() {
    let (_, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let mut held = old.hold(Operation::Swap, HoldPoint::Before);
    let writing = tokio::spawn({
        let moving = Arc::clone(&moving);
        async move {
            let bytes = record(2);
            let new = New { bytes: &bytes, lifetime: Some(LIFETIME) };
            moving.swap(call(), "new:a", Some(&Loaded::new(record(1))), Some(new)).await
        }
    });
    held.reached().await.unwrap();
    assert_eq!(get(&*moving, "new:a").await, Some(record(1)));
    held.release();
    assert!(matches!(writing.await.unwrap(), Ok(Swap::Done { .. })));
    assert_eq!(get(&*moving, "new:a").await, Some(record(2)));
}

#[tokio::test]
async fn a_move_whose_outcome_is_unknown_brings_no_ended_session_back_and_loses_no_living_one() {
    for ended in [false, true] {
        let (new, old, moving) = stores();
        put(&*old, "old:a", &record(1)).await;
        let (loading, held) = stopped(&moving, new.hold(Operation::Swap, HoldPoint::Before)).await;
        if ended {
            moving.delete(call(), "new:a").await.unwrap();
        }
        old.next(Operation::Swap, Fault::Fail);
        held.release();
        assert!(loading.await.is_err(), "the load says that nothing is known");
        assert_eq!(get(&*moving, "new:a").await, (!ended).then(|| record(1)));
        moving.delete(call(), "new:a").await.unwrap();
        assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_have_written_to_a_moved_record_is_not_taken_back() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    old.next(Operation::Swap, Fault::LoseAnswer);
    let (loading, held) = stopped(&moving, old.hold(Operation::Swap, HoldPoint::After)).await;
    put(&*moving, "new:a", &record(2)).await;
    held.release();
    assert!(loading.await.is_err());
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(2)), None));
}

#[tokio::test(start_paused = true)]
async fn a_move_has_time_after_its_requests_deadline() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    new.next(Operation::Swap, Fault::Delay(Duration::from_secs(2)));
    old.next(Operation::Swap, Fault::Delay(Duration::from_millis(5)));
    let call = Call { deadline: Instant::now() + Duration::from_secs(1), ..call() };
    assert!(moving.load(call, "new:a", None).await.unwrap().is_some());
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(1)), None));
}

#[tokio::test]
async fn a_move_goes_on_after_its_request_was_given_up() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    let (loading, held) = stopped(&moving, old.hold(Operation::Swap, HoldPoint::Before)).await;
    loading.abort();
    assert!(loading.await.unwrap_err().is_cancelled());
    held.release();
    let moved = async {
        while get(&*old, "old:a").await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(Duration::from_secs(10), moved).await.is_ok(), "the record is still in the old store");
    assert_eq!(get(&*new, "new:a").await, Some(record(1)));
}

#[tokio::test]
async fn what_the_old_store_can_not_delete_stays_in_the_new_one() {
    let (new, old, moving) = stores();
    put(&*new, "new:a", &record(1)).await;
    old.from_now_on(Fault::Fail);
    assert!(moving.swap(call(), "new:a", Some(&Loaded::new(record(1))), None).await.is_err());
    assert!(moving.delete(call(), "new:a").await.is_err());
    assert_eq!(get(&*new, "new:a").await, Some(record(1)));
}

#[tokio::test]
async fn an_old_store_that_is_down_is_no_outage_of_the_new_one_and_soon_not_asked_any_more() {
    let (new, old, moving) = stores();
    put(&*new, "new:b", &record(1)).await;
    old.from_now_on(Fault::Fail);
    for _ in 0..20 {
        let error = moving.load(call(), "new:a", None).await.unwrap_err();
        assert!(!error.is_outage() && error.was_told(), "{}", Chain(&error));
        assert_eq!(get(&*moving, "new:b").await, Some(record(1)));
    }
    assert_eq!(old.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_old_store_that_does_not_answer_leaves_the_caller_time() {
    let (_, old, moving) = stores();
    old.from_now_on(Fault::Hang);
    let call = call();
    let error = moving.load(call, "new:a", None).await.unwrap_err();
    assert!(!error.is_outage() && Instant::now() < call.deadline, "{}", Chain(&error));
}

/// The calls of a move, in their order.
const STEPS: [(&str, HoldPoint); 6] = [
    ("the copy", HoldPoint::Before),
    ("the copy", HoldPoint::After),
    ("the deletion", HoldPoint::Before),
    ("the deletion", HoldPoint::After),
    ("the settling", HoldPoint::Before),
    ("the settling", HoldPoint::After),
];

/// Kills a process that moves a record, at one point of the move.
fn kill_at((step, point): (&'static str, HoldPoint), new: &Side, old: &Side) {
    let (new, old) = (Arc::clone(new), Arc::clone(old));
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut held = match step {
                "the copy" => new.hold(Operation::Swap, point),
                "the deletion" => old.hold(Operation::Swap, point),
                _ => {
                    new.hold(Operation::Swap, HoldPoint::Before).release();
                    new.hold(Operation::Swap, point)
                }
            };
            let moving = moving(Arc::clone(&new), Arc::clone(&old), Format::Msgpack);
            tokio::spawn(async move { moving.load(call(), "new:a", None).await });
            held.reached().await.unwrap();
        });
        // Its tasks end with it, where they are.
    });
    process.join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_killed_while_it_moves_a_record_brings_no_ended_session_back() {
    for (number, step) in STEPS.into_iter().enumerate() {
        let (new, old, other_process) = stores();
        put(&*old, "old:a", &record(1)).await;
        kill_at(step, &new, &old);
        if number >= 3 {
            // It was deleted there by the move.
            assert_eq!(get(&*old, "old:a").await, None, "{step:?}");
        }
        // The user logs out, by a process that knows the record in the old store, or in the new one.
        other_process.delete(call(), "new:a").await.unwrap();
        assert_eq!(get(&*other_process, "new:a").await, None, "{step:?}");
        assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (None, None), "{step:?}");
    }
}

/// The copy is made after the log-out has looked into the new store, by a process that is then killed.
#[tokio::test(start_paused = true)]
async fn a_copy_of_a_record_that_was_deleted_meanwhile_is_no_session() {
    let (new, old, other_process) = stores();
    put(&*old, "old:a", &record(1)).await;
    kill_at(STEPS[1], &new, &old);
    assert!(old.delete(call(), "old:a").await.unwrap());
    let shortly_after = Call { now: now() + Duration::from_secs(30), ..call() };
    assert!(new.load(shortly_after, "new:a", None).await.unwrap().is_none(), "its life is one of seconds");
    assert_eq!(get(&*other_process, "new:a").await, None);
    assert_eq!(get(&*new, "new:a").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_move_was_cut_off_is_moved_once_and_never_again_with_its_old_data() {
    for (number, step) in STEPS.into_iter().enumerate() {
        let (new, old, other_process) = stores();
        put(&*old, "old:a", &record(1)).await;
        kill_at(step, &new, &old);
        // Between the deletion and the settling nobody can tell whether the session has ended.
        let survives = ![3, 4].contains(&number);
        assert_eq!(get(&*other_process, "new:a").await, survives.then(|| record(1)), "{step:?}");
        assert_eq!(get(&*old, "old:a").await, None, "{step:?}");
        if survives {
            put(&*other_process, "new:a", &record(2)).await;
            assert_eq!(get(&*new, "new:a").await, Some(record(2)), "{step:?}");
        }
        let expired = Call { now: now() + LIFETIME, ..call() };
        assert_eq!(other_process.load(expired, "new:a", None).await.unwrap(), None, "{step:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_to_a_record_whose_move_was_cut_off_counts() {
    for (number, step) in STEPS.into_iter().enumerate() {
        let (new, old, other_process) = stores();
        put(&*old, "old:a", &record(1)).await;
        kill_at(step, &new, &old);
        let bytes = record(2);
        let new_record = Some(New { bytes: &bytes, lifetime: Some(LIFETIME) });
        let written =
            other_process.swap(call(), "new:a", Some(&Loaded::new(record(1))), new_record).await.unwrap();
        let counts = matches!(written, Swap::Done { .. });
        assert_eq!(counts, ![3, 4].contains(&number), "{step:?}: {written:?}");
        assert_eq!(get(&*other_process, "new:a").await, counts.then(|| record(2)), "{step:?}");
    }
}

#[tokio::test]
async fn a_copy_that_a_killed_process_has_left_goes_with_whatever_deletes_the_record() {
    for by_swap in [true, false] {
        let (new, old, moving) = stores();
        put(&*old, "old:a", &record(1)).await;
        put(&*new, "new:a", &record(2)).await;
        if by_swap {
            let swapped = moving.swap(call(), "new:a", Some(&Loaded::new(record(2))), None).await;
            assert!(matches!(swapped, Ok(Swap::Done { .. })));
        } else {
            assert!(moving.delete(call(), "new:a").await.unwrap());
        }
        assert_eq!(get(&*old, "old:a").await, None);
        assert_eq!(get(&*moving, "new:a").await, None);
    }
}

#[tokio::test]
async fn a_record_too_large_for_the_new_store_is_used_in_the_old_one_until_it_fits() {
    let (new, old, _) = stores();
    let small = Answering(Arc::clone(&new), |_: &str, new: Option<New<'_>>| {
        let bytes = new?.bytes.len();
        (bytes > 12).then(|| Err(StoreError::too_large(bytes, 12)))
    });
    let moving = moving(small, Arc::clone(&old), Format::Msgpack);
    put(&*old, "old:a", b"a large record").await;
    put(&*moving, "new:a", b"another large one").await;
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await.unwrap().len()), (None, 17));
    put(&*moving, "new:a", &record(1)).await;
    assert_eq!(get(&*moving, "new:a").await, Some(record(1)));
    assert_eq!((get(&*new, "new:a").await, get(&*old, "old:a").await), (Some(record(1)), None));

    put(&*old, "old:b", b"a large record").await;
    let outdated = moving.swap(call(), "new:b", Some(&Loaded::new("another record")), None).await.unwrap();
    assert!(matches!(outdated, Swap::Conflict(Some(_))));
    let swapped = moving.swap(call(), "new:b", Some(&Loaded::new("a large record")), None).await.unwrap();
    assert!(matches!(swapped, Swap::Done { .. }));
    assert_eq!(get(&*moving, "new:b").await, None);
}

#[tokio::test]
async fn purging_counts_both_stores() {
    let (new, old, moving) = stores();
    put(&*old, "old:a", &record(1)).await;
    put(&*new, "new:b", &record(1)).await;
    let later = Call { now: now() + LIFETIME, ..call() };
    assert_eq!(moving.purge(later).await.unwrap(), 2);
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn a_launch_without_the_old_store_says_which_of_the_two_is_missing() {
    let (new, _, _) = stores();
    let nowhere = rocket_session_state_core::store::RedisStore::from_url("redis://127.0.0.1:1").unwrap();
    let moving = moving(new, nowhere, Format::Msgpack);
    let error = moving.ping(call()).await.unwrap_err();
    assert!(Chain(&error).to_string().contains("session_migrate_from"), "{}", Chain(&error));
    // The launch's message names the settings of both stores, with their addresses.
    assert!(!Chain(&error).to_string().contains("Redis at"), "{}", Chain(&error));
}
