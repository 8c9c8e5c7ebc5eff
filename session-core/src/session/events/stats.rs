//! Numbers of everything that has happened since the launch.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::kinds::EventKind;
use crate::store::client::call_times::{CallNumbers, LIMITS};

/// Numbers since the launch: events of each kind, and how long calls of the store took.
///
/// Serialized it is a map of the kinds' names to their numbers, `dropped`, and `loads` and `writes`, the calls of the store.
#[derive(Debug, Clone)]
pub struct Stats {
    counts: [u64; EventKind::ALL.len()],
    dropped: u64,
    loads: CallStats,
    writes: CallStats,
}

/// The calls of a store of one kind, loads or writes.
///
/// Serialized it is a map of `count`, `failed`, `seconds`, which all calls took together, and `buckets`, a list of pairs: an
/// upper limit in seconds, and the number of calls that took at most so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStats {
    count: u64,
    failed: u64,
    total: Duration,
    buckets: Vec<(Duration, u64)>,
}

/// The counters behind [`Stats`].
pub(super) struct Counts {
    events: [AtomicU64; EventKind::ALL.len()],
    dropped: AtomicU64,
}

impl Stats {
    /// Returns the number of events of a kind.
    pub fn count(&self, kind: EventKind) -> u64 {
        self.counts.get(kind as usize).copied().unwrap_or(0)
    }

    /// Returns the number of events that no listener was told of, because too many waited in the queue.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the loads of the store, the second tries of those that failed included.
    pub fn loads(&self) -> &CallStats {
        &self.loads
    }

    /// Returns the calls that wrote to the store: swaps and deletions.
    pub fn writes(&self) -> &CallStats {
        &self.writes
    }
}

impl CallStats {
    /// Returns the number of calls.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the number of calls that gave an error, or no answer in time.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Returns the time that all calls took together.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// Returns upper limits, from 100 microseconds to 2.5 seconds, and the number of calls that took at most so long.
    pub fn buckets(&self) -> &[(Duration, u64)] {
        &self.buckets
    }
}

impl From<CallNumbers> for CallStats {
    fn from(numbers: CallNumbers) -> Self {
        let mut count = 0;
        let buckets = LIMITS.into_iter().zip(numbers.buckets).map(|(limit, calls)| {
            count += calls;
            (Duration::from_micros(limit), count)
        });
        let buckets = buckets.collect();
        CallStats {
            count: numbers.buckets.iter().sum(),
            failed: numbers.failed,
            total: numbers.total,
            buckets,
        }
    }
}

impl Counts {
    pub(super) fn new() -> Self {
        Counts { events: [const { AtomicU64::new(0) }; EventKind::ALL.len()], dropped: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, kind: EventKind) {
        if let Some(count) = self.events.get(kind as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn add_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("rocket_session_events_dropped_total").increment(1);
    }

    pub(super) fn stats(&self, calls: Option<[CallNumbers; 2]>) -> Stats {
        let [loads, writes] = calls.unwrap_or_default().map(CallStats::from);
        Stats {
            counts: std::array::from_fn(|at| self.events.get(at).map_or(0, |count| count.load(Relaxed))),
            dropped: self.dropped.load(Relaxed),
            loads,
            writes,
        }
    }
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for kind in EventKind::ALL {
            map.serialize_entry(kind.as_str(), &self.count(*kind))?;
        }
        map.serialize_entry("dropped", &self.dropped)?;
        map.serialize_entry("loads", &self.loads)?;
        map.serialize_entry("writes", &self.writes)?;
        map.end()
    }
}

impl Serialize for CallStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets: Vec<_> =
            self.buckets.iter().map(|(limit, calls)| (limit.as_secs_f64(), calls)).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("failed", &self.failed)?;
        map.serialize_entry("seconds", &self.total.as_secs_f64())?;
        map.serialize_entry("buckets", &buckets)?;
        map.end()
    }
}
