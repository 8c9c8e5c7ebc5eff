//! Marks: what tells a read whether its record has changed while it was under way.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of changes, which keys share by their hash: two keys on one counter cost each other a copy now and then.
pub(super) struct Marks {
    counters: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// The state of a key's counter at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark(u64);

/// 32 KiB in all. Only reads that are under way look at them.
const COUNTERS: usize = 4096;

impl Marks {
    pub(super) fn new() -> Self {
        Marks { counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    pub(super) fn of(&self, key: &str) -> Mark {
        Mark(self.counter(key).map_or(0, |counter| counter.load(Ordering::Acquire)))
    }

    /// Notes that the record under `key` may have changed.
    pub(super) fn count(&self, key: &str) {
        if let Some(counter) = self.counter(key) {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn counter(&self, key: &str) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(key) % COUNTERS as u64;
        self.counters.get(usize::try_from(hash).ok()?)
    }
}
