//! Every store call goes through here: deadline, one retry for loads, and the breaker.

pub(crate) mod breaker;
pub(crate) mod deadline;
pub(crate) mod jitter;
pub(crate) mod keyed_locks;

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use self::breaker::Breaker;
use self::deadline::in_time;
use self::jitter::jitter;
use crate::config::SessionConfig;
use crate::session::Session;
use crate::store::{Call, DynStore, Loaded, New, Store, StoreError, Swap, Touch};

/// The store behind its deadlines.
pub(crate) struct Gate {
    store: DynStore,
    /// Of one call (`session_store_timeout`).
    timeout: Duration,
    /// Of all calls of one request (`session_request_timeout`).
    budget: Duration,
    breaker: Breaker,
}

/// How much of a request's budget is used up.
#[derive(Default)]
pub(crate) struct Spent(pub(crate) Duration);

impl Gate {
    pub(crate) fn new(store: DynStore, config: &SessionConfig) -> Self {
        Gate {
            store,
            timeout: config.session_store_timeout,
            budget: config.session_request_timeout,
            breaker: Breaker::new("the session store", config.session_breaker_after),
        }
    }

    /// Loads a record. A failed load is tried once more: it changes nothing.
    pub(crate) async fn load(
        &self,
        spent: &mut Spent,
        now: SystemTime,
        key: &str,
        touch: Option<Touch>,
    ) -> Result<Option<Loaded>, StoreError> {
        let first = self.within(spent, now, |call| self.store.load(call, key, touch)).await;
        let failed = first.as_ref().is_err_and(StoreError::is_outage);
        if !failed || !self.breaker.is_closed() || spent.0 >= self.budget {
            return first;
        }
        tokio::time::sleep(jitter(RETRY_WITHIN)).await;
        self.within(spent, now, |call| self.store.load(call, key, touch)).await
    }

    /// One swap, never repeated here: after a failure its outcome is open.
    pub(crate) async fn swap(
        &self,
        session: &Session,
        now: SystemTime,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let mut spent = Spent(session.spent());
        let before = spent.0;
        let swapped = self.within(&mut spent, now, |call| self.store.swap(call, key, expected, new)).await;
        session.spend(spent.0.saturating_sub(before));
        swapped
    }

    /// Extends the life of a record that is not rewritten.
    pub(crate) async fn extend(
        &self,
        session: &Session,
        now: SystemTime,
        key: &str,
        lifetime: Duration,
    ) -> Result<Option<Loaded>, StoreError> {
        let mut spent = Spent(session.spent());
        let before = spent.0;
        let touch = Touch { lifetime, when_left: lifetime };
        let loaded = self.load(&mut spent, now, key, Some(touch)).await;
        session.spend(spent.0.saturating_sub(before));
        loaded
    }

    pub(crate) async fn delete(
        &self,
        session: &Session,
        now: SystemTime,
        key: &str,
    ) -> Result<bool, StoreError> {
        let mut spent = Spent(session.spent());
        let before = spent.0;
        let deleted = self.within(&mut spent, now, |call| self.store.delete(call, key)).await;
        session.spend(spent.0.saturating_sub(before));
        deleted
    }

    pub(crate) async fn ping(&self, now: SystemTime) -> Result<(), StoreError> {
        self.within(&mut Spent::default(), now, |call| self.store.ping(call)).await
    }

    /// Purging walks the whole store: it has no deadline of a request.
    pub(crate) async fn purge(&self, now: SystemTime) -> Result<u64, StoreError> {
        let deadline = Instant::now() + PURGE_WITHIN;
        in_time(deadline, self.store.purge(Call { now, deadline })).await
    }

    /// What is left of the request's budget.
    pub(crate) fn left(&self, session: &Session) -> Duration {
        self.budget.saturating_sub(session.spent())
    }

    async fn within<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        spent: &mut Spent,
        now: SystemTime,
        ask: impl FnOnce(Call) -> F,
    ) -> Result<T, StoreError> {
        let allowed = self.timeout.min(self.budget.saturating_sub(spent.0));
        if allowed.is_zero() {
            // Nothing is left of the request's time: the store is not to blame.
            return Err(StoreError::timeout());
        }
        self.breaker.admit()?;
        let began = Instant::now();
        let deadline = began + allowed;
        let answer = in_time(deadline, ask(Call { now, deadline })).await;
        spent.0 += began.elapsed();
        self.breaker.note(answer.as_ref().err());
        answer
    }
}

/// The longest wait before a load is tried again.
const RETRY_WITHIN: Duration = Duration::from_millis(20);
const PURGE_WITHIN: Duration = Duration::from_secs(600);
