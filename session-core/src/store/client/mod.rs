//! The way to a store: time limits, one more try for loads, and a circuit breaker.

pub(crate) mod breaker;
mod budget;
mod keyed_locks;
mod outage_log;
pub(crate) mod wait;

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use self::breaker::Breaker;
pub(crate) use self::budget::Budget;
use self::keyed_locks::{KeyGuard, KeyedLocks};
use self::wait::{jitter, with_deadline};
use crate::store::{Call, DynStore, Loaded, New, StoreError, Swap, Touch};

/// A store behind time limits and a circuit breaker. Every call of a session to its store goes through it.
pub(crate) struct StoreClient {
    store: DynStore,
    call_timeout: Duration,
    breaker: Breaker,
    locks: KeyedLocks,
}

/// The longest wait before a load is tried again.
const RETRY_WITHIN: Duration = Duration::from_millis(20);
/// Purging walks the whole store, so it has more time than a request.
const PURGE_WITHIN: Duration = Duration::from_secs(600);

impl StoreClient {
    /// `call_timeout` limits one call (`session_store_timeout`). The breaker opens after `breaker_after`
    /// failures in a row (`session_breaker_after`).
    pub(crate) fn new(store: DynStore, call_timeout: Duration, breaker_after: u32) -> Self {
        StoreClient {
            store,
            call_timeout,
            breaker: Breaker::new("the session store", breaker_after),
            locks: KeyedLocks::default(),
        }
    }

    /// Loads a record. A load that failed is tried once more, since it changes nothing.
    pub(crate) async fn load(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
        touch: Option<Touch>,
    ) -> Result<Option<Loaded>, StoreError> {
        let first = self.call(budget, now, |call| self.store.boxed().load(call, key, touch)).await;
        let failed = first.as_ref().is_err_and(StoreError::is_outage);
        if !failed || !self.breaker.is_closed() || budget.left().is_zero() {
            return first;
        }
        tokio::time::sleep(jitter(RETRY_WITHIN)).await;
        self.call(budget, now, |call| self.store.boxed().load(call, key, touch)).await
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
        self.call(budget, now, |call| self.store.boxed().swap(call, key, expected, new)).await
    }

    pub(crate) async fn delete(
        &self,
        budget: &Budget,
        now: SystemTime,
        key: &str,
    ) -> Result<bool, StoreError> {
        self.call(budget, now, |call| self.store.boxed().delete(call, key)).await
    }

    /// Checks the store at launch. The error has no address: the launch's message names it.
    pub(crate) async fn ping(&self, budget: &Budget, now: SystemTime) -> Result<(), StoreError> {
        let deadline = Instant::now() + self.call_timeout.min(budget.left());
        with_deadline(deadline, self.store.boxed().ping(Call { now, deadline })).await
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
        self.breaker.out_of_time(&error);
        error
    }

    /// Makes one call: within its own limit and what is left of the request's, if the breaker lets it through.
    async fn call<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        budget: &Budget,
        now: SystemTime,
        ask: impl FnOnce(Call) -> F,
    ) -> Result<T, StoreError> {
        let allowed = self.call_timeout.min(budget.left());
        if allowed.is_zero() {
            return Err(self.out_of_time());
        }
        self.breaker.admit()?;
        let began = Instant::now();
        let deadline = began + allowed;
        let answer = with_deadline(deadline, ask(Call { now, deadline })).await;
        let answer = answer.map_err(|error| error.at_store(&self.store));
        budget.spend(began.elapsed());
        self.breaker.note(answer.as_ref().err());
        answer
    }
}

#[cfg(all(test, feature = "filesystem"))]
mod tests {
    use super::*;
    use crate::store::FileStore;

    #[tokio::test(start_paused = true)]
    async fn errors_of_a_purge_and_of_requests_out_of_time_name_the_store() {
        let store = DynStore::new(FileStore::new("/dev/null/sessions"));
        let client = StoreClient::new(store, Duration::from_secs(1), 5);
        let budget = Budget::new(Duration::from_millis(10));
        let _locked = client.lock(&budget, "key").await.unwrap();
        let waited = client.lock(&budget, "key").await.err().unwrap();
        let purged = client.purge(SystemTime::now()).await.unwrap_err();
        for error in [waited, purged] {
            assert!(error.to_string().contains("(folder /dev/null/sessions)"), "{error}");
        }
    }
}
