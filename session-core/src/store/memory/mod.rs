//! Sessions in this process's memory.

mod evictions;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use self::evictions::Evictions;
pub use self::settings::MemorySettings;
use super::{Call, Loaded, New, Store, StoreError, Swap, Touch};

/// Sessions in this process's memory: for development, tests, and services of one process whose
/// users may be logged out by a restart.
///
/// It holds a fixed number of sessions. When it is full, the least recently used one is removed, also if it
/// has not expired; that is logged as a warning, at most once a minute.
///
/// [`Call::now`] alone decides what has expired, so that tests can set the time, also back.
/// Expired records are absent at once; their memory is freed by [`purge`](Store::purge), or when
/// room is needed.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use std::time::{Duration, SystemTime};
/// use rocket_session_state::store::{Call, MemoryStore, New, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rocket_session_state_core::store::StoreError> {
/// let store = MemoryStore::new(10_000);
/// let start = SystemTime::UNIX_EPOCH;
/// let at = |seconds| Call {
///     now: start + Duration::from_secs(seconds),
///     deadline: tokio::time::Instant::now() + Duration::from_secs(1),
/// };
/// let new = New { bytes: b"record", lifetime: Duration::from_secs(60) };
/// store.swap(at(0), "session:id", None, Some(new)).await?;
/// assert!(store.load(at(59), "session:id", None).await?.is_some());
/// assert!(store.load(at(60), "session:id", None).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub struct MemoryStore {
    records: Cache<String, Arc<Entry>>,
    evictions: Arc<Evictions>,
}

impl MemoryStore {
    /// A store for up to `max_sessions` sessions (`session_memory_max`), and for at least one.
    pub fn new(max_sessions: u64) -> Self {
        let max_sessions = max_sessions.max(1);
        let evictions = Arc::new(Evictions::new(max_sessions));
        let watch = Arc::clone(&evictions);
        // No expiry policy: moka would follow the machine's clock, and lose what is alive at the time
        // that a caller passes in. LRU, because moka's default policy refuses new entries when it is full.
        let records = Cache::builder()
            .max_capacity(max_sessions)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(move |_, record: Arc<Entry>, cause| {
                if cause == moka::notification::RemovalCause::Size {
                    watch.evicted(record.expires());
                }
            })
            .build();
        MemoryStore { records, evictions }
    }

    /// Replaces or removes the record under `key`, as `decide` says when it is shown the live one.
    ///
    /// It is one step for each key: every change goes through here, so that a swap in progress can't put
    /// back what a delete has just removed.
    fn change(&self, now: u64, key: &str, decide: impl FnOnce(Option<Arc<Entry>>) -> Op<Arc<Entry>>) {
        self.evictions.time_is(now);
        self.records.entry_by_ref(key).and_compute_with(|entry| {
            decide(entry.map(|entry| entry.into_value()).filter(|record| record.is_alive(now)))
        });
        // Evict now rather than some time later, so that the bound holds after every call.
        self.records.run_pending_tasks();
    }
}

impl Store for MemoryStore {
    async fn load(&self, call: Call, key: &str, touch: Option<Touch>) -> Result<Option<Loaded>, StoreError> {
        let now = nanos(call.now);
        self.evictions.time_is(now);
        let Some(record) = self.records.get(key) else { return Ok(None) };
        let alive = match touch {
            Some(touch) => record.extend(now, after(now, touch.lifetime)),
            None => record.is_alive(now),
        };
        Ok(alive.then(|| record.loaded.clone()))
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let now = nanos(call.now);
        let mut outcome = Swap::Done { version: None };
        self.change(now, key, |current| {
            let matches = match (&current, expected) {
                (None, None) => true,
                (Some(current), Some(expected)) => current.loaded.bytes == expected.bytes,
                _ => false,
            };
            if !matches {
                outcome = Swap::Conflict(current.map(|record| record.loaded.clone()));
                return Op::Nop;
            }
            match new {
                Some(new) => Op::Put(Arc::new(Entry::new(new, now))),
                None => Op::Remove,
            }
        });
        Ok(outcome)
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let mut existed = false;
        self.change(nanos(call.now), key, |current| {
            existed = current.is_some();
            Op::Remove
        });
        Ok(existed)
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        let now = nanos(call.now);
        let mut removed = 0;
        for (key, record) in &self.records {
            if !record.end_if_expired(now) {
                continue;
            }
            self.records.entry_by_ref(key.as_str()).and_compute_with(|entry| match entry {
                Some(entry) if Arc::ptr_eq(entry.value(), &record) => {
                    removed += 1;
                    Op::Remove
                }
                _ => Op::Nop,
            });
        }
        self.records.run_pending_tasks();
        Ok(removed)
    }

    /// Succeeds: there is nothing that could be out of reach.
    async fn ping(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Never shows what it holds.
impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// A record and its end in nanoseconds since 1970. The end can be moved while others hold the record: so a load
/// extends a life without copying anything.
struct Entry {
    loaded: Loaded,
    expires: AtomicU64,
}

impl Entry {
    fn new(new: New<'_>, now: u64) -> Self {
        let loaded = Loaded::new(Bytes::copy_from_slice(new.bytes)).shared();
        Entry { loaded, expires: AtomicU64::new(after(now, new.lifetime)) }
    }

    fn expires(&self) -> u64 {
        self.expires.load(Ordering::Acquire)
    }

    fn is_alive(&self, now: u64) -> bool {
        self.expires() > now
    }

    /// Sets a new end, unless the record has ended already.
    fn extend(&self, now: u64, expires: u64) -> bool {
        self.expires
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| (old > now).then_some(expires))
            .is_ok()
    }

    /// Ends the record for ever if it has expired: a load that holds it can't extend it any more,
    /// so that its caller is never told of a life that a purge is about to take.
    fn end_if_expired(&self, now: u64) -> bool {
        self.expires
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| (old <= now).then_some(0))
            .is_ok()
    }
}

fn nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, saturating_nanos)
}

fn after(now: u64, lifetime: Duration) -> u64 {
    now.saturating_add(saturating_nanos(lifetime))
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
