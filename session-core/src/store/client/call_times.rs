//! How long the calls of a store take.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::breaker::Work;

/// Counts all calls of a store by how long they took.
#[derive(Default)]
pub(crate) struct CallTimes {
    loads: Times,
    writes: Times,
}

/// The calls of one kind.
#[derive(Default)]
struct Times {
    /// One counter for each limit, and one for what took longer than the last.
    buckets: [AtomicU64; LIMITS.len() + 1],
    micros: AtomicU64,
    failed: AtomicU64,
}

/// The numbers at one moment.
#[derive(Default)]
pub(crate) struct CallNumbers {
    pub(crate) failed: u64,
    pub(crate) total: Duration,
    /// The calls within each of [`LIMITS`] and above the one before, and at last those above all.
    pub(crate) buckets: [u64; LIMITS.len() + 1],
}

/// The upper limits of the buckets in microseconds: from a store in memory to one that is about to be given up.
pub(crate) const LIMITS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000,
];

impl CallTimes {
    pub(super) fn note(&self, work: Work, micros: u64, failed: bool) {
        let times = self.of(work);
        let bucket = LIMITS.iter().position(|limit| micros <= *limit).unwrap_or(LIMITS.len());
        if let Some(bucket) = times.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
        times.micros.fetch_add(micros, Relaxed);
        if failed {
            times.failed.fetch_add(1, Relaxed);
        }
        #[cfg(feature = "metrics")]
        metrics::histogram!(
            "rocket_session_store_call_seconds",
            "call" => work.name(),
            "outcome" => if failed { "failed" } else { "ok" }
        )
        .record(Duration::from_micros(micros));
    }

    pub(crate) fn of_loads(&self) -> CallNumbers {
        self.loads.numbers()
    }

    pub(crate) fn of_writes(&self) -> CallNumbers {
        self.writes.numbers()
    }

    fn of(&self, work: Work) -> &Times {
        match work {
            Work::Load => &self.loads,
            Work::Write => &self.writes,
        }
    }
}

impl Times {
    fn numbers(&self) -> CallNumbers {
        CallNumbers {
            failed: self.failed.load(Relaxed),
            total: Duration::from_micros(self.micros.load(Relaxed)),
            buckets: std::array::from_fn(|at| self.buckets.get(at).map_or(0, |bucket| bucket.load(Relaxed))),
        }
    }
}
