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
