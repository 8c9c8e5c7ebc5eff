//! Connections on which nothing was heard for a while: they may have ended meanwhile.

#[cfg(any(feature = "redis", feature = "mongodb"))]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[cfg(any(feature = "redis", feature = "mongodb"))]
use tokio::time::Instant;

/// A connection without an answer for so long is asked for a sign of life before a call is sent on it. Servers, proxies
/// and firewalls close silent ones, the quickest after a second, and a server needs as long to start again. A call that
/// is sent on a dead connection is lost, and nobody knows whether it arrived.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// The time of the last answer on a connection.
#[cfg(any(feature = "redis", feature = "mongodb"))]
#[derive(Default)]
pub(super) struct LastAnswer(Mutex<Option<Instant>>);

#[cfg(any(feature = "redis", feature = "mongodb"))]
impl LastAnswer {
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether a sign of life is due. It is not if there was none yet.
    pub(super) fn is_long_ago(&self) -> bool {
        self.get().is_some_and(|answered| answered.elapsed() >= QUIET)
    }
}
