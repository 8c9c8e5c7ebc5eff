//! The store that sessions are moved out of: its keys, and what happens while it is down.

use std::future::Future;

use tokio::time::Instant;

use crate::store::client::breaker::Breaker;
use crate::store::client::deadline::in_time;
use crate::store::{Call, DynStore, Loaded, New, Store, StoreError, Swap};

/// An old store behind a breaker of its own: its failures must not close the way to the new one.
pub(super) struct Old {
    store: DynStore,
    /// What stands before the id in the new store, and here.
    prefixes: [String; 2],
    breaker: Breaker,
}

impl Old {
    pub(super) fn new(store: DynStore, prefixes: [String; 2], breaker_after: u32) -> Self {
        Old { store, prefixes, breaker: Breaker::new("the old session store", breaker_after) }
    }

    /// The record of the session that has this key in the new store.
    pub(super) async fn load(&self, call: Call, key: &str) -> Result<Option<Loaded>, StoreError> {
        self.within(call, self.store.load(call, &self.key(key), None)).await
    }

    pub(super) async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.within(call, self.store.swap(call, &self.key(key), expected, new)).await
    }

    pub(super) async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.within(call, self.store.delete(call, &self.key(key))).await
    }

    pub(super) async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.within(call, self.store.purge(call)).await
    }

    pub(super) async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.within(call, self.store.ping(call)).await
    }

    fn key(&self, key: &str) -> String {
        let [new, old] = &self.prefixes;
        format!("{old}{}", key.strip_prefix(new.as_str()).unwrap_or(key))
    }

    /// Half of the time that is left: so the caller's deadline, whose passing would be put down to the new store, is
    /// not reached.
    async fn within<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.breaker.admit().map_err(StoreError::of_old_store)?;
        let now = Instant::now();
        let half = now + call.deadline.saturating_duration_since(now) / 2;
        let answer = in_time(half, answer).await;
        self.breaker.note(answer.as_ref().err());
        answer.map_err(StoreError::of_old_store)
    }
}
