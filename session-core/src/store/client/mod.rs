//! The way to a store: time limits, one more try for loads, and a circuit breaker.

pub(crate) mod breaker;
mod breakers;
mod budget;
pub(crate) mod call_times;
mod keyed_locks;
mod outage;
pub(crate) mod outage_listener;
mod outage_log;
mod try_out;
pub(crate) mod wait;

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use self::breaker::{Breaker, Work};
use self::breakers::Breakers;
pub(crate) use self::budget::Budget;
use self::call_times::CallTimes;
use self::keyed_locks::{KeyGuard, KeyedLocks};
use self::outage_listener::OutageListener;
use self::wait::{jitter, with_deadline};
use crate::store::{Call, DynStore, Loaded, New, Part, Store, StoreError, Swap, Watcher};

/// A store behind time limits and a circuit breaker. Every call of a session to its store goes through it.
pub(crate) struct StoreClient {
    store: DynStore,
    call_timeout: Duration,
    breakers: Breakers,
    locks: KeyedLocks,
    times: CallTimes,
    /// How long whoever ends a session waits until no other process reads it any more.
    ends_wait: Duration,
}

/// The longest wait before a load is tried again.
const RETRY_WITHIN: Duration = Duration::from_millis(20);
/// Purging walks the whole store, so it has more time than a request.
const PURGE_WITHIN: Duration = Duration::from_secs(600);

impl StoreClient {
    /// `call_timeout` limits one call (`session_store_timeout`). The breaker opens after `breaker_after`
    /// failures in a row of loads, or of writes (`session_breaker_after`). `listener` is told of outages.
    pub(crate) fn new(
        store: DynStore,
        call_timeout: Duration,
        breaker_after: u32,
        listener: Option<Arc<dyn OutageListener>>,
    ) -> Self {
        let name = "the session store";
        StoreClient {
            breakers: Breakers::new(name, breaker_after, store.clone(), call_timeout, listener),
            ends_wait: store.seen_everywhere_after(),
            store,
            call_timeout,
            locks: KeyedLocks::default(),
            times: CallTimes::default(),
        }
    }

    /// How long the calls of requests have taken.
    pub(crate) fn times(&self) -> &CallTimes {
        &self.times
    }

    /// Returns a copy of a record that the store lets this process use, without asking anybody.
    pub(crate) fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded> {
        self.store.boxed().copy(now, key)
    }

    /// Loads a record. A load that failed is tried once more, since it changes nothing. To the breaker both are one.
    pub(crate) async fn load(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let load = |call| self.store.boxed().load(call, key, touch);
        let part = self.store.boxed().part_of(key);
        let breaker = self.breakers.of(part.as_ref());
        self.admit(&breaker, budget, now, Work::Load)?;
        let (mut time, mut answer) = self.ask(Work::Load, part.as_ref(), budget, now, load).await;
        let failed = answer.as_ref().is_err_and(StoreError::is_outage);
        if failed && breaker.is_closed(Work::Load) && !budget.is_used_up() {
            tokio::time::sleep(jitter(RETRY_WITHIN)).await;
            let again = self.ask(Work::Load, part.as_ref(), budget, now, load).await;
            // If there was too little time for it, the failure of the first try stands.
            if !again.1.as_ref().is_err_and(StoreError::is_out_of_time) {
                (time, answer) = again;
            }
        }
        self.note(&breaker, part.is_some(), Work::Load, time, now, answer.as_ref().err());
        answer
    }

    /// Swaps once. A swap that failed is not repeated: it may have been carried out.
    pub(crate) async fn swap(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let swap = |call| self.store.boxed().swap(call, key, expected, new);
        let swapped = self.write(budget, now, key, swap).await;
        // Also if there is none any more: somebody else may have removed it just now.
        if new.is_none() && matches!(swapped, Ok(Swap::Done { .. } | Swap::Conflict(None))) {
            self.note_removal(budget);
        }
        swapped
    }

    pub(crate) async fn delete(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
    ) -> Result<bool, StoreError> {
        let deleted = self.write(budget, now, key, |call| self.store.boxed().delete(call, key)).await;
        // Also if there was none: somebody else may have removed it just now.
        if deleted.is_ok() {
            self.note_removal(budget);
        }
        deleted
    }

    /// Notes that a record was removed, here or by somebody else, if anybody has to wait for that.
    pub(crate) fn note_removal(&self, budget: &Budget) {
        if !self.ends_wait.is_zero() {
            budget.has_removed();
        }
    }

    /// Waits until no process reads a record any more that was removed within this time, where that is wanted. It takes
    /// nothing of the time: the store does nothing.
    pub(crate) async fn removals_seen(&self, budget: &Budget) {
        if let Some(removal) = budget.last_removal() {
            sleep_until(removal + self.ends_wait).await;
        }
    }

    /// Lets the store tell who waits for the end of a record. Nobody waits for an answer.
    pub(crate) fn watch(&self, key: &str, watcher: Watcher) {
        self.store.boxed().watch(key, watcher);
    }

    /// Purges without the limits of a request.
    pub(crate) async fn purge(&self, now: SystemTime) -> Result<u64, StoreError> {
        let deadline = Instant::now() + PURGE_WITHIN;
        let purged = with_deadline(deadline, self.store.boxed().purge(Call { now, deadline })).await;
        purged.map_err(|error| error.at_store(&self.store))
    }

    /// Waits for the exclusive right to swap `key` in this process.
    pub(crate) async fn lock<'k>(
        &'k self,
        budget: &Budget,
        key: &'k str,
    ) -> Result<KeyGuard<'k>, StoreError> {
        let locked = tokio::time::timeout(budget.left(), self.locks.lock(key)).await;
        locked.map_err(|_| self.out_of_time())
    }

    /// Makes the error of a request that has used up its time. The store may not be to blame.
    fn out_of_time(&self) -> StoreError {
        let error = StoreError::out_of_time().at_store(&self.store);
        self.breakers.whole().out_of_time(&error);
        error
    }

    async fn write<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        ask: impl FnOnce(Call) -> F,
    ) -> Result<T, StoreError> {
        let part = self.store.boxed().part_of(key);
        let breaker = self.breakers.of(part.as_ref());
        self.admit(&breaker, budget, now, Work::Write)?;
        let (time, answer) = self.ask(Work::Write, part.as_ref(), budget, now, ask).await;
        self.note(&breaker, part.is_some(), Work::Write, time, now, answer.as_ref().err());
        answer
    }

    fn note(
        &self,
        breaker: &Breaker,
        is_part: bool,
        work: Work,
        time: Range<Instant>,
        now: SystemTime,
        error: Option<&StoreError>,
    ) {
        breaker.note(work, time, now, error);
        // Calls before any part was known may have failed.
        if is_part && error.is_none() {
            self.breakers.whole().answered_elsewhere(work, now);
        }
    }

    /// Lets a call through if the request has time for it and the breaker does not keep it from the store.
    fn admit(
        &self,
        breaker: &Breaker,
        budget: &Budget,
        now: SystemTime,
        work: Work,
    ) -> Result<(), StoreError> {
        if budget.is_used_up() {
            return Err(self.out_of_time());
        }
        breaker.admit(work, now)
    }

    /// Makes one call, within its own limit and what is left of the request's; returns also when it began and ended.
    async fn ask<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        work: Work,
        part: Option<&Part>,
        budget: &Budget,
        now: SystemTime,
        ask: impl FnOnce(Call) -> F,
    ) -> (Range<Instant>, Result<T, StoreError>) {
        let (began, left) = (Instant::now(), budget.left());
        // One that had most of its time says something of the store.
        let is_cut = left < self.call_timeout / 2 && budget.is_begun();
        let deadline = began + self.call_timeout.min(left);
        let answer = with_deadline(deadline, ask(Call { now, deadline })).await;
        let ended = Instant::now();
        self.times.note(work, budget.spend(ended - began), answer.is_err());
        let failed = |error: StoreError| {
            let error = if is_cut && error.is_timeout() { error.cut_short() } else { error };
            error.at_part(part).at_store(&self.store)
        };
        (began..ended, answer.map_err(failed))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;
    use crate::store::Store;

    /// A store that counts its loads, of which none is answered well.
    #[derive(Default)]
    struct Away {
        loads: AtomicU32,
        /// It does not answer them at all.
        is_silent: bool,
    }

    impl Store for Away {
        async fn load(&self, _: Call, _: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
            self.loads.fetch_add(1, Relaxed);
            if self.is_silent {
                std::future::pending::<()>().await;
            }
            Err(StoreError::unavailable("connection refused"))
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
            Ok(true)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_and_its_second_try_are_one_failure_and_writes_go_on() {
        let store = Arc::new(Away::default());
        let client = StoreClient::new(DynStore::new(Arc::clone(&store)), Duration::from_secs(1), 3, None);
        let now = SystemTime::now();
        for _ in 0..10 {
            let budget = Budget::new(Duration::from_secs(3));
            assert!(client.load(&budget, now, "key", None).await.is_err());
            assert!(client.delete(&budget, now, "key").await.unwrap());
        }
        assert_eq!(store.loads.load(Relaxed), 6);
    }

    /// A client of a store that does not answer loads, whose breaker opens after three of them.
    fn client_in_vain() -> StoreClient {
        let store = DynStore::new(Away { is_silent: true, ..Away::default() });
        StoreClient::new(store, Duration::from_secs(1), 3, None)
    }

    async fn load_in_vain(client: &StoreClient, budget: &Budget) -> StoreError {
        client.load(budget, SystemTime::now(), "key", None).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn calls_for_which_a_request_has_too_little_time_left_open_no_breaker() {
        let client = client_in_vain();
        let budget = Budget::new(Duration::from_secs(3));
        budget.spend(Duration::from_millis(2_600));
        let began = Instant::now();
        let errors = budget.at_once(0..16, async |_, share| load_in_vain(&client, &share).await).await;
        assert!(errors.iter().all(StoreError::is_out_of_time), "{errors:?}");
        assert!(errors.iter().all(|error| !error.wrote_nothing()), "an answer was waited for: {errors:?}");
        assert_eq!((began.elapsed(), budget.left()), (Duration::from_millis(400), Duration::ZERO));
        assert!(client.breakers.whole().is_closed(Work::Load));
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_call_of_a_request_is_the_stores_also_if_requests_have_less_time_than_calls() {
        let client = client_in_vain();
        for _ in 0..3 {
            assert!(client.breakers.whole().is_closed(Work::Load));
            let error = load_in_vain(&client, &Budget::new(Duration::from_millis(800))).await;
            assert!(!error.is_out_of_time(), "{error:?}");
        }
        assert!(!client.breakers.whole().is_closed(Work::Load));
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_failed_counts_also_if_too_little_time_is_left_for_its_second_try() {
        let client = client_in_vain();
        for _ in 0..3 {
            assert!(client.breakers.whole().is_closed(Work::Load));
            let budget = Budget::new(Duration::from_millis(1_300));
            let error = load_in_vain(&client, &budget).await;
            assert!(!error.is_out_of_time() && budget.left().is_zero(), "{error:?}");
        }
        assert!(!client.breakers.whole().is_closed(Work::Load));
    }

    #[cfg(feature = "filesystem")]
    #[tokio::test(start_paused = true)]
    async fn errors_of_a_purge_and_of_requests_out_of_time_name_the_store() {
        let store = DynStore::new(crate::store::FileStore::new("/dev/null/sessions"));
        let client = StoreClient::new(store, Duration::from_secs(1), 5, None);
        let budget = Budget::new(Duration::from_millis(10));
        let _locked = client.lock(&budget, "key").await.unwrap();
        let waited = client.lock(&budget, "key").await.err().unwrap();
        let purged = client.purge(SystemTime::now()).await.unwrap_err();
        for error in [waited, purged] {
            assert!(error.to_string().contains("(folder /dev/null/sessions)"), "{error}");
        }
    }
}
