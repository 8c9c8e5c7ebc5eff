//! The store that sessions are moved out of: its keys, and its outages.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::store::client::breaker::{Breaker, Work};
use crate::store::client::wait::{halfway, with_deadline};
use crate::store::{Call, DynStore, Loaded, New, OpenTo, StoreError, Swap, Watcher};

/// A store behind a breaker of its own: its failures say nothing about the target.
pub(super) struct Source {
    store: DynStore,
    /// The beginning of a key here, and in the target.
    prefixes: [String; 2],
    breaker: Breaker,
}

impl Source {
    pub(super) fn new(
        store: DynStore,
        prefixes: [String; 2],
        breaker_after: u32,
        call_timeout: Duration,
    ) -> Self {
        let breaker = Breaker::new("the old session store", breaker_after, store.clone(), call_timeout);
        Source { store, prefixes, breaker }
    }

    /// Loads the record of the session that has this key in the target.
    pub(super) async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let call = hurried(call);
        self.call(call, Work::Load, self.store.boxed().load(call, &self.own_key(key), touch)).await
    }

    pub(super) async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let call = hurried(call);
        self.call(call, Work::Write, self.store.boxed().swap(call, &self.own_key(key), expected, new)).await
    }

    pub(super) async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let call = hurried(call);
        self.call(call, Work::Write, self.store.boxed().delete(call, &self.own_key(key))).await
    }

    pub(super) async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        let call = hurried(call);
        self.call(call, Work::Write, self.store.boxed().purge(call)).await
    }

    /// Checks the store at launch. The error has no address: the launch's message names it.
    pub(super) async fn ping(&self, call: Call) -> Result<(), StoreError> {
        let call = hurried(call);
        with_deadline(call.deadline, self.store.boxed().ping(call)).await.map_err(failed)
    }

    pub(super) fn watch(&self, key: &str, watcher: Watcher) {
        self.store.boxed().watch(&self.own_key(key), watcher);
    }

    pub(super) fn open_to_others(&self) -> Option<OpenTo> {
        self.store.boxed().open_to_others()
    }

    fn own_key(&self, key: &str) -> String {
        let [prefix, in_target] = &self.prefixes;
        format!("{prefix}{}", key.strip_prefix(in_target.as_str()).unwrap_or(key))
    }

    async fn call<T>(
        &self,
        call: Call,
        work: Work,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.breaker.admit(work, call.now).map_err(failed)?;
        let began = Instant::now();
        let answer = with_deadline(call.deadline, answer).await;
        let answer = answer.map_err(|error| error.at_store(&self.store));
        self.breaker.note(work, began..Instant::now(), call.now, answer.as_ref().err());
        answer.map_err(failed)
    }
}

/// Leaves the caller half of its time, so that its deadline is not reached, which would be put down to the target.
fn hurried(call: Call) -> Call {
    Call { deadline: halfway(call.deadline), ..call }
}

fn failed(error: StoreError) -> StoreError {
    StoreError::elsewhere("the old store, of `session_migrate_from`, failed", error)
}
