//! Calls as the manager makes them.

use std::future::Future;
use std::time::{Duration, SystemTime};

use rocket_session_state_core::store::{Call, Loaded, New, Store, StoreError, Swap};
use tokio::time::{Instant, timeout_at};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A call at the real time, with plenty of time to answer.
pub(crate) fn call() -> Call {
    Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_secs(10) }
}

/// A call at the real time, with so long to answer.
#[cfg(any(feature = "memcached", feature = "mongodb", feature = "redis"))]
pub(crate) fn until(limit: Duration) -> Call {
    Call { deadline: Instant::now() + limit, ..call() }
}

pub(crate) fn new(bytes: &[u8]) -> Option<New<'_>> {
    Some(New { bytes, lifetime: Some(HOUR) })
}

pub(crate) fn done() -> Swap {
    Swap::Done { version: None }
}

/// A store of which some swaps are answered by a function, of the key and the new record.
pub(crate) struct Answering<S, F>(pub(crate) S, pub(crate) F);

impl<S: Store, F> Store for Answering<S, F>
where
    F: Fn(&str, Option<New<'_>>) -> Option<Result<Swap, StoreError>> + Send + Sync + 'static,
{
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.0.load(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        match (self.1)(key, new) {
            Some(answer) => answer,
            None => self.0.swap(call, key, expected, new).await,
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.0.delete(call, key).await
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.0.purge(call).await
    }
}

/// Waits for a store's answer as callers do: until the deadline, then the future is dropped.
pub(crate) async fn within<T>(
    call: Call,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(call.deadline, answer).await.unwrap_or_else(|_| Err(StoreError::timeout()))
}

/// Returns the record in the store, without extending its life.
pub(crate) async fn stored(store: &impl Store, key: &str) -> Option<Loaded> {
    let call = call();
    within(call, store.load(call, key, None)).await.expect("load")
}

/// Everything that a log could show of an error.
#[cfg(any(feature = "filesystem", feature = "memcached", feature = "mongodb", feature = "redis"))]
pub(crate) fn texts(error: &StoreError) -> String {
    let mut texts = format!("{error:?}");
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        texts += &format!(" | {error}");
        next = error.source();
    }
    texts
}
