//! Sessions in this process's memory.

mod evictions;
mod room;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use moka::ops::compute::Op;
use moka::sync::Cache;

use self::evictions::Evictions;
use self::room::{Place, Room, Size};
pub use self::settings::MemorySettings;
use super::{Call, Loaded, New, Store, StoreError, Swap};

/// Sessions in this process's memory: for development, tests, and services of one process whose
/// users may be logged out by a restart.
///
/// It holds a limited number of sessions, and of bytes. When it is full, a session has to leave also if it has not
/// expired, which is logged as a warning, at most once a minute. Those that were never loaded since they were made leave
/// first, as long as they take more than an eighth of the room: visitors who send no cookie push out nobody who does.
/// Among equals the least recently used one leaves.
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
/// let new = New { bytes: b"record", lifetime: Some(Duration::from_secs(60)) };
/// store.swap(at(0), "session:id", None, Some(new)).await?;
/// assert!(store.load(at(59), "session:id", None).await?.is_some());
/// assert!(store.load(at(60), "session:id", None).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub struct MemoryStore {
    records: Cache<String, Arc<Entry>>,
    room: Room,
    evictions: Evictions,
}

/// Bytes of all sessions, if nothing else is said.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What a session takes beside its record and twice its key.
const OVERHEAD: u64 = 256;

impl MemoryStore {
    /// A store for up to `max_sessions` sessions (`session_memory_max`), and for at least one, which take up to 256 MiB.
    pub fn new(max_sessions: u64) -> Self {
        // Neither a bound nor an expiry policy of moka's: it would follow the machine's clock, and lose what is alive at
        // the time that a caller passes in; and it does not know which sessions somebody has come back to.
        MemoryStore {
            records: Cache::builder().build(),
            room: Room::new(Size { sessions: max_sessions.max(1), bytes: MAX_BYTES }),
            evictions: Evictions::new(),
        }
    }

    /// Limits the bytes of all sessions (`session_memory_max_bytes`). Each counts as its record, twice its key and 256
    /// bytes; one that takes more by itself is refused.
    #[must_use]
    pub fn max_bytes(self, max_bytes: u64) -> Self {
        let sessions = self.room.max().sessions;
        MemoryStore { room: Room::new(Size { sessions, bytes: max_bytes }), ..self }
    }

    /// Replaces or removes the record under `key`, as `decide` says when it is shown the live one.
    ///
    /// It is one step for each key: every change goes through here, so that a swap in progress can't put
    /// back what a delete has just removed.
    fn change<'n>(&self, now: u64, key: &str, decide: impl FnOnce(Option<&Entry>) -> Change<'n>) {
        self.evictions.time_is(now);
        let mut came = None;
        self.records.entry_by_ref(key).and_compute_with(|entry| {
            let current = entry.map(|entry| entry.into_value());
            let alive = current.as_ref().filter(|record| record.is_alive(now));
            let new = match decide(alive.map(|record| &**record)) {
                Change::Keep => return Op::Nop,
                Change::Remove => None,
                Change::Put(new) => Some(new),
            };
            let replaced = alive.filter(|_| new.is_some());
            if let Some(gone) = current.as_ref().filter(|_| replaced.is_none()) {
                self.room.leave(&gone.place);
            }
            let Some(new) = new else { return Op::Remove };
            let bytes = taken_by(key, new.bytes);
            let place = match replaced {
                Some(replaced) => {
                    self.room.resize(&replaced.place, bytes);
                    Arc::clone(&replaced.place)
                }
                None => self.room.enter(key, bytes),
            };
            came = Some(Arc::clone(&place));
            let expires = match new.lifetime {
                Some(lifetime) => after(now, lifetime),
                None => replaced.map_or(now, |replaced| replaced.expires()),
            };
            Op::Put(Arc::new(Entry::new(new.bytes, expires, place)))
        });
        // Now rather than some time later, so that the bounds hold after every call.
        while let Some(place) = self.room.overfull(came.as_ref()) {
            self.evict(&place);
        }
        self.records.run_pending_tasks();
    }

    fn evict(&self, place: &Arc<Place>) {
        self.records.entry_by_ref(place.key()).and_compute_with(|entry| match entry {
            Some(entry) if Arc::ptr_eq(&entry.value().place, place) => {
                self.room.leave(place);
                self.evictions.evicted(entry.value().expires(), self.room.max());
                Op::Remove
            }
            _ => Op::Nop,
        });
    }
}

/// What becomes of a record.
enum Change<'n> {
    Keep,
    Remove,
    Put(New<'n>),
}

fn taken_by(key: &str, record: &[u8]) -> u64 {
    let bytes = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    // The key is in the map and in its place.
    bytes(record.len()).saturating_add(bytes(key.len()).saturating_mul(2)).saturating_add(OVERHEAD)
}

impl Store for MemoryStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let now = nanos(call.now);
        self.evictions.time_is(now);
        let Some(record) = self.records.get(key) else { return Ok(None) };
        let alive = match touch {
            Some(touch) => record.extend(now, after(now, touch)),
            None => record.is_alive(now),
        };
        if alive {
            self.room.was_loaded(&record.place);
        }
        Ok(alive.then(|| record.handed_out()))
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let now = nanos(call.now);
        if let Some(New { bytes, .. }) = new
            && taken_by(key, bytes) > self.room.max().bytes
        {
            let beside = usize::try_from(taken_by(key, &[])).unwrap_or(usize::MAX);
            let limit = usize::try_from(self.room.max().bytes).unwrap_or(usize::MAX);
            return Err(StoreError::too_large(bytes.len(), limit.saturating_sub(beside)));
        }
        let mut outcome = Swap::Done { version: None };
        self.change(now, key, |current| {
            let matches = match (current, expected) {
                (None, None) => true,
                (Some(current), Some(expected)) => current.loaded.bytes == expected.bytes,
                _ => false,
            };
            if !matches {
                outcome = Swap::Conflict(current.map(Entry::handed_out));
                return Change::Keep;
            }
            new.map_or(Change::Remove, Change::Put)
        });
        Ok(outcome)
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let mut existed = false;
        self.change(nanos(call.now), key, |current| {
            existed = current.is_some();
            Change::Remove
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
                    self.room.leave(&record.place);
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
    place: Arc<Place>,
}

impl Entry {
    fn new(bytes: &[u8], expires: u64, place: Arc<Place>) -> Self {
        let loaded = Loaded::new(Bytes::copy_from_slice(bytes)).shared();
        Entry { loaded, expires: AtomicU64::new(expires), place }
    }

    fn handed_out(&self) -> Loaded {
        let record = self.loaded.clone();
        // What lives longer than a clock can show does not end.
        match UNIX_EPOCH.checked_add(Duration::from_nanos(self.expires())) {
            Some(at) => record.expiring(at),
            None => record,
        }
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
