//! Copies of records in this process, dropped when Redis says that the record has changed.

mod lease;
mod marks;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant as StdInstant, SystemTime};

use moka::Expiry;
use moka::ops::compute::Op;
use moka::sync::Cache;
use redis::aio::{AsyncPushSender, ConnectionLike};
use redis::{PushInfo, PushKind, RedisResult, Value, cmd};
use tokio::time::Instant;

use self::lease::Term;
pub(super) use self::lease::{Lease, Question, of_master, of_slot};
use self::marks::{Mark, Marks};
use crate::store::Loaded;

/// Records as this process has last read them, so that most requests ask no server.
///
/// Redis remembers what a connection has read, and tells it once when that changes ("tracking"). A copy counts
///
/// * until Redis tells, or this process writes the record;
/// * while the [lease](Lease) of its connection holds, so that one whose server is not heard any more serves nothing old;
/// * as long as that connection is the one on which its record would be read;
/// * until the record's life ends. Every change of a life is told, too.
///
/// That a record is absent is not kept.
///
/// Redis is not asked to leave out what the connection itself has changed (`NOLOOP`): a call that was given up may still
/// write, and nobody here would know when.
pub(in crate::store::redis::store) struct LocalCopy {
    records: Cache<String, Arc<Copied>>,
    marks: Marks,
    leases: AtomicU64,
    lasts: Duration,
    question: Question,
    /// The weight of the largest copy that is kept.
    max_weight: u32,
}

/// A record, and what it depends on that it counts.
struct Copied {
    loaded: Loaded,
    ends: Instant,
    term: Term,
    weight: u32,
}

/// What a copy takes beside its record and its key, in bytes.
const OVERHEAD: usize = 256;
/// Of a record of up to so many keys it is kept, too, where each is: about as many bytes as the record has, and
/// [`LARGEST_INDEX`] at the most.
const MOST_KEYS: usize = 64;
const LARGEST_INDEX: usize = MOST_KEYS * 32;
/// The part of the memory that one copy may take. A larger one is not worth the others that it would push out.
const LARGEST: u64 = 64;
/// A copy that takes a larger part of that makes room at once; for smaller ones it is made now and then.
const LARGE: u32 = 16;

/// Ended copies go by themselves, whether or not anybody asks for them.
struct WithRecord;

impl Expiry<String, Arc<Copied>> for WithRecord {
    fn expire_after_create(&self, _: &String, copied: &Arc<Copied>, _: StdInstant) -> Option<Duration> {
        Some(copied.ends.saturating_duration_since(Instant::now()))
    }

    fn expire_after_update(
        &self,
        key: &String,
        copied: &Arc<Copied>,
        at: StdInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, copied, at)
    }
}

impl LocalCopy {
    /// Copies that are at most `lasts` older than what Redis holds, and take up to `max_bytes`. `question` is what proves it.
    pub(super) fn new(lasts: Duration, max_bytes: u64, question: Question) -> Self {
        let weight = |_: &String, copied: &Arc<Copied>| copied.weight;
        let records = Cache::builder().max_capacity(max_bytes).weigher(weight).expire_after(WithRecord);
        LocalCopy {
            records: records.build(),
            question,
            max_weight: u32::try_from(max_bytes / LARGEST).unwrap_or(u32::MAX),
            marks: Marks::new(),
            leases: AtomicU64::new(0),
            lasts,
        }
    }

    /// Returns for how long copies may be used of which nothing is heard.
    pub(super) fn lasts(&self) -> Duration {
        self.lasts
    }

    /// Begins the lease of a connection that is about to be opened, and makes what has to hear its push messages.
    pub(super) fn lease(self: &Arc<Self>) -> (Arc<Lease>, impl AsyncPushSender + use<>) {
        let lease =
            Arc::new(Lease::new(self.leases.fetch_add(1, Ordering::Relaxed), self.lasts, self.question));
        // Weak, since the lease keeps the connection open, to which what hears belongs.
        let (copies, of_connection) = (Arc::clone(self), Arc::downgrade(&lease));
        let hear = move |message: PushInfo| -> Result<(), ()> {
            copies.hear(&message, &of_connection);
            Ok(())
        };
        (lease, hear)
    }

    /// Returns the copy of the record under `key` that was read on the connection of this lease, if it counts.
    pub(super) fn get(&self, now: SystemTime, key: &str, lease: &Lease) -> Option<Loaded> {
        let until = lease.until();
        let copied = self.records.get(key)?;
        lease.used();
        let moment = Instant::now();
        if copied.term != lease.term() || moment >= until || moment >= copied.ends {
            return None;
        }
        Some(copied.loaded.clone().with_life_left(now, copied.ends - moment))
    }

    /// Begins to read the record under `key`.
    pub(super) fn reading<'a>(&'a self, key: &'a str) -> Reading<'a> {
        Reading { copies: self, key, going: Mutex::new(None) }
    }

    /// Begins to write the record under `key`: there is no copy of it before, nor after what is returned is dropped.
    pub(super) fn writing<'a>(&'a self, key: &'a str) -> Writing<'a> {
        self.forget(key);
        Writing { copies: self, key }
    }

    /// Handles a message that Redis has sent unasked, before anything that comes after it on its connection.
    fn hear(&self, message: &PushInfo, lease: &Weak<Lease>) {
        match (&message.kind, message.data.first()) {
            (PushKind::Invalidate, Some(Value::Array(keys))) => {
                for key in keys {
                    // Whatever is not text is none of ours.
                    if let Value::BulkString(key) = key
                        && let Ok(key) = std::str::from_utf8(key)
                    {
                        self.forget(key);
                    }
                }
            }
            // All keys were removed, or nobody will tell of changes any more.
            (PushKind::Invalidate | PushKind::Disconnection, _) => {
                if let Some(lease) = lease.upgrade() {
                    lease.reset();
                }
                self.records.invalidate_all();
            }
            _ => {}
        }
    }

    /// Drops the copy under `key`, and those that are on their way.
    ///
    /// It is counted first: whoever keeps a copy looks at the count as a part of the same step for its key as this removal.
    fn forget(&self, key: &str) {
        self.marks.count(key);
        self.records.entry_by_ref(key).and_compute_with(|_| Op::Remove);
    }
}

/// A read that is under way, of which a copy is to be kept.
pub(super) struct Reading<'a> {
    copies: &'a LocalCopy,
    key: &'a str,
    going: Mutex<Option<Going>>,
}

/// What there was when a read was sent the last time.
struct Going {
    lease: Arc<Lease>,
    mark: Mark,
    term: Term,
    sent: Instant,
}

impl Reading<'_> {
    /// Notes that it is about to be sent on the connection of this lease.
    pub(super) fn going(&self, lease: &Arc<Lease>) {
        let (mark, term) = (self.copies.marks.of(self.key), lease.term());
        let going = Going { lease: Arc::clone(lease), mark, term, sent: Instant::now() };
        *self.going.lock().unwrap_or_else(PoisonError::into_inner) = Some(going);
    }

    /// Keeps a copy of the record that was found with so much life left, unless it may have changed since.
    pub(super) fn found(self, loaded: Loaded, left: Duration) -> Loaded {
        let Some(going) = self.going.into_inner().unwrap_or_else(PoisonError::into_inner) else {
            return loaded;
        };
        let Going { lease, mark, term, sent } = going;
        lease.proven(sent);
        let Some(ends) = sent.checked_add(left) else { return loaded };
        let bytes = loaded.bytes.len();
        let weight = self.key.len() + bytes + bytes.min(LARGEST_INDEX) + OVERHEAD;
        let Some(weight) = u32::try_from(weight).ok().filter(|weight| *weight <= self.copies.max_weight)
        else {
            return loaded;
        };
        let loaded = loaded.shared_up_to(MOST_KEYS);
        let copied = Arc::new(Copied { loaded: loaded.clone(), ends, term, weight });
        self.copies.records.entry_by_ref(self.key).and_compute_with(|_| {
            let is_same = self.copies.marks.of(self.key) == mark;
            if is_same { Op::Put(copied) } else { Op::Nop }
        });
        if weight > self.copies.max_weight / LARGE {
            self.copies.records.run_pending_tasks();
        }
        lease.keep(self.key);
        loaded
    }
}

/// A write that is under way, until it is dropped: answered, or given up.
pub(super) struct Writing<'a> {
    copies: &'a LocalCopy,
    key: &'a str,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.copies.forget(self.key);
    }
}

/// Asks Redis to tell this connection when what it reads is changed.
pub(super) async fn track(connection: &mut impl ConnectionLike) -> RedisResult<()> {
    let command = cmd("CLIENT").arg("TRACKING").arg("ON").take();
    connection.req_packed_command(&command).await?.extract_error().map(drop)
}
