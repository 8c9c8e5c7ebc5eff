//! Breakers, at virtual times.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use super::*;
use crate::store::{Loaded, New, Store, Swap};

/// A store of which only the pings count.
#[derive(Default)]
pub(crate) struct Away {
    lasts: AtomicBool,
    pings: AtomicU32,
    deadlines: Mutex<Vec<Duration>>,
}

impl Away {
    pub(crate) fn begin(&self) {
        self.lasts.store(true, Relaxed);
    }

    pub(crate) fn end(&self) {
        self.lasts.store(false, Relaxed);
    }
}

impl Store for Away {
    async fn load(&self, _: Call, _: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
        Ok(None)
    }

    async fn swap(
        &self,
        _: Call,
        _: &str,
        _: Option<&Loaded>,
        _: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        Ok(Swap::Done { version: None })
    }

    async fn delete(&self, _: Call, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.pings.fetch_add(1, Relaxed);
        self.deadlines.lock().unwrap().push(call.deadline - Instant::now());
        if self.lasts.load(Relaxed) { Err(StoreError::unavailable("away")) } else { Ok(()) }
    }
}

pub(crate) fn breaker(name: &'static str, threshold: u32) -> (Arc<Away>, Breaker) {
    let outage = Arc::new(Away::default());
    let store = DynStore::new(Arc::clone(&outage));
    (outage, Breaker::new(name, threshold, store, Duration::from_secs(3)))
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH
}

fn note(breaker: &Breaker, work: Work, began: Instant, error: StoreError) {
    breaker.note(work, began..Instant::now(), now(), Some(&error));
}

#[tokio::test(start_paused = true)]
async fn refusals_and_answers_that_are_none_never_open_it() {
    let (_, breaker) = breaker("refusing", 2);
    for _ in 0..100 {
        note(&breaker, Work::Load, Instant::now(), StoreError::refused("WRONGTYPE"));
        note(&breaker, Work::Write, Instant::now(), StoreError::too_large(2, 1));
        note(&breaker, Work::Load, Instant::now(), StoreError::invalid_response("a string"));
    }
    assert!(breaker.admit(Work::Load, now()).is_ok() && breaker.admit(Work::Write, now()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn loads_and_writes_are_counted_apart() {
    let (outage, breaker) = breaker("half", 3);
    outage.begin();
    for _ in 0..3 {
        note(&breaker, Work::Write, Instant::now(), StoreError::unavailable("cut"));
    }
    assert!(breaker.admit(Work::Write, now()).is_err());
    assert!(breaker.admit(Work::Load, now()).is_ok());
    breaker.note(Work::Load, Instant::now()..Instant::now(), now(), None);
    assert!(breaker.admit(Work::Write, now()).is_err(), "a load says nothing about writes");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_unless_another_call_was_answered_meanwhile() {
    let (_, breaker) = breaker("slow", 2);
    for _ in 0..20 {
        let began = Instant::now();
        sleep(Duration::from_millis(10)).await;
        breaker.note(Work::Write, began..Instant::now(), now(), None);
        note(&breaker, Work::Load, began, StoreError::timeout());
    }
    assert!(breaker.admit(Work::Load, now()).is_ok());
    for _ in 0..2 {
        let began = Instant::now();
        sleep(Duration::from_millis(10)).await;
        note(&breaker, Work::Load, began, StoreError::timeout());
    }
    assert!(breaker.admit(Work::Load, now()).is_err());
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_one_task_pings_and_no_request_does() {
    let (outage, breaker) = breaker("pinged", 1);
    outage.begin();
    note(&breaker, Work::Load, Instant::now(), StoreError::unavailable("away"));
    note(&breaker, Work::Write, Instant::now(), StoreError::unavailable("away"));
    for _ in 0..100 {
        for work in [Work::Load, Work::Write] {
            assert!(breaker.admit(work, now()).is_err());
        }
        sleep(Duration::from_millis(50)).await;
    }
    let pings = outage.pings.load(Relaxed);
    assert!((9..=10).contains(&pings), "{pings}");
    assert_eq!(outage.deadlines.lock().unwrap()[0], Duration::from_secs(3));
    outage.end();
    sleep(PING_EVERY).await;
    assert!(breaker.admit(Work::Load, now()).is_ok() && breaker.admit(Work::Write, now()).is_ok());
    let pings = outage.pings.load(Relaxed);
    sleep(PING_EVERY * 10).await;
    assert_eq!(outage.pings.load(Relaxed), pings, "it is not pinged any more");
}

#[test]
fn another_runtime_goes_on_pinging_when_the_first_one_has_ended() {
    let (outage, breaker) = breaker("of two runtimes", 1);
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let away = || StoreError::unavailable("away");
    runtime().block_on(async { note(&breaker, Work::Load, Instant::now(), away()) });
    runtime().block_on(async {
        assert!(breaker.admit(Work::Load, now()).is_err());
        sleep(PING_EVERY * 2).await;
        assert!(breaker.admit(Work::Load, now()).is_ok());
    });
    assert_eq!(outage.pings.load(Relaxed), 1);
}
