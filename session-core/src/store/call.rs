//! What goes into and comes out of a store call.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

/// When a call is made and until when it may take.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// The time that decides what has expired: passed in, never read from a clock by a store.
    pub now: SystemTime,
    /// The moment at which the caller gives up and drops the future.
    pub deadline: Instant,
}

/// A record as a store holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The record.
    pub bytes: Bytes,
    /// The store's own version of the record, where it keeps one (memcached's cas number).
    /// A store without one leaves it `None` and compares the bytes.
    pub version: Option<u64>,
}

impl Loaded {
    /// A record without a version.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Loaded { bytes: bytes.into(), version: None }
    }
}

/// Never shows the record: it is somebody's session.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("bytes", &self.bytes.len()).field("version", &self.version).finish()
    }
}

/// How a load extends the life of what it loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The life that the record has from now on.
    pub lifetime: Duration,
    /// The remaining life at or below which extending is worth a write of its own
    /// (`session_refresh_after`). Stores that extend within the read ignore it.
    pub when_left: Duration,
}

/// A record to write.
#[derive(Clone, Copy)]
pub struct New<'a> {
    /// The record.
    pub bytes: &'a [u8],
    /// Its life from [`Call::now`] on; at least one second.
    pub lifetime: Duration,
}

/// Never shows the record: it is somebody's session.
impl std::fmt::Debug for New<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("New").field("bytes", &self.bytes.len()).field("lifetime", &self.lifetime).finish()
    }
}

/// What a swap did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// The record is written or deleted.
    Done {
        /// The version of what was written, where the store keeps versions.
        version: Option<u64>,
    },
    /// Nothing was written; this is what the store holds now (`None`: nothing).
    Conflict(Option<Loaded>),
}
