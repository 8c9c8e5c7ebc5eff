//! The warning that a full store is losing sessions.

use std::sync::atomic::{AtomicU64, Ordering};

use super::room::Size;

const MINUTE: u64 = 60_000_000_000;
const NEVER: u64 = u64::MAX;

/// Counts the live sessions that were removed and logs them, at most once a minute: a flood of new
/// sessions would otherwise fill the log as well. All times are nanoseconds since 1970, as callers
/// passed them in.
pub(super) struct Evictions {
    /// The time of the latest call, since nobody passes a time to an eviction.
    now: AtomicU64,
    last_warning: AtomicU64,
    unreported: AtomicU64,
}

impl Evictions {
    pub(super) fn new() -> Self {
        Evictions {
            now: AtomicU64::new(0),
            last_warning: AtomicU64::new(NEVER),
            unreported: AtomicU64::new(0),
        }
    }

    pub(super) fn time_is(&self, now: u64) {
        self.now.store(now, Ordering::Relaxed);
    }

    /// Notes that a record was removed to make room in a store of this size.
    pub(super) fn evicted(&self, expires: u64, max: Size) {
        let now = self.now.load(Ordering::Relaxed);
        if expires <= now {
            return;
        }
        self.unreported.fetch_add(1, Ordering::Relaxed);
        let last = self.last_warning.load(Ordering::Relaxed);
        // A clock that was set back must not silence the warning either.
        let due = now < last || now - last >= MINUTE;
        if due && self.last_warning.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            log::warn!(
                "the memory store is full ({} sessions, {} bytes): {} evicted before they had expired; raise \
                 session_memory_max or session_memory_max_bytes, or use a store with a server",
                max.sessions,
                max.bytes,
                self.unreported.swap(0, Ordering::Relaxed),
            );
        }
    }
}
