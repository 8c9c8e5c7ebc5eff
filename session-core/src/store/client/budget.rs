//! The time that one request may spend in store calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time limit of all store calls of one request together (`session_request_timeout`).
///
/// It is shared by reference: parallel calls of one request use up the same budget.
#[derive(Debug)]
pub(crate) struct Budget {
    total: Duration,
    spent_micros: AtomicU64,
}

impl Budget {
    pub(crate) fn new(total: Duration) -> Self {
        Budget { total, spent_micros: AtomicU64::new(0) }
    }

    /// The time that calls may still take.
    pub(crate) fn left(&self) -> Duration {
        self.total.saturating_sub(Duration::from_micros(self.spent_micros.load(Ordering::Relaxed)))
    }

    pub(super) fn spend(&self, micros: u64) {
        self.spent_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Makes the whole time available again.
    pub(crate) fn renew(&self) {
        self.spent_micros.store(0, Ordering::Relaxed);
    }
}
