//! The arguments and the results of a store call.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use crate::formats::codec::{DecodeError, Format, ParsedCache, Record};

/// The time of a call and its deadline.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// The time that decides what has expired: passed in, never read from a clock by a store.
    pub now: SystemTime,
    /// The moment at which the caller gives up and drops the future.
    pub deadline: Instant,
}

/// A record as a store holds it.
#[derive(Clone)]
pub struct Loaded {
    /// The record.
    pub bytes: Bytes,
    /// The store's own version of the record, where it keeps one (memcached's cas number).
    /// A store without one leaves it `None` and compares the bytes.
    pub version: Option<u64>,
    /// The moment at which the record ends, by the clock of [`Call::now`]. `None` if it has no end or the store can't
    /// tell: then each use extends its life.
    pub expires: Option<SystemTime>,
    /// Kept only where the same bytes are handed out again; otherwise it would be made in vain.
    parsed: Option<ParsedCache>,
}

impl Loaded {
    /// A record without a version and without a known end.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Loaded::versioned(bytes, None)
    }

    /// A record and its version.
    pub fn versioned(bytes: impl Into<Bytes>, version: Option<u64>) -> Self {
        Loaded { bytes: bytes.into(), version, expires: None, parsed: None }
    }

    /// The same record, which ends at this moment by the clock of [`Call::now`].
    #[must_use]
    pub fn expiring(self, at: SystemTime) -> Self {
        Loaded { expires: Some(at), ..self }
    }

    /// The same record, of which a server says how much life it has left at the moment `now`.
    #[must_use]
    pub fn with_life_left(self, now: SystemTime, left: Duration) -> Self {
        Loaded { expires: now.checked_add(left), ..self }
    }

    /// The same record, for a store that keeps it in memory and hands out clones of it: what the reader
    /// of one clone finds out about the bytes, the readers of the others need not find out again.
    #[must_use]
    pub fn shared(self) -> Self {
        Loaded { parsed: Some(ParsedCache::up_to(usize::MAX)), ..self }
    }

    /// As [`shared`](Loaded::shared), but a record of more keys than this is read by each: what is found out would take
    /// much memory.
    #[cfg(feature = "redis")]
    #[must_use]
    pub(crate) fn shared_up_to(self, most_keys: usize) -> Self {
        Loaded { parsed: Some(ParsedCache::up_to(most_keys)), ..self }
    }

    /// The parsed record, as [`Record::read_as`] reads it; of shared bytes it is parsed once for all clones.
    pub(crate) fn record(&self, format: Format) -> Result<Option<Arc<Record>>, DecodeError> {
        match &self.parsed {
            Some(parsed) => parsed.get_or_read(format, &self.bytes),
            None => Ok(Record::read_as(format, self.bytes.clone())?.map(Arc::new)),
        }
    }
}

impl PartialEq for Loaded {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.bytes == other.bytes
    }
}

impl Eq for Loaded {}

/// Never shows the record: it is somebody's session.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("bytes", &self.bytes.len())
            .field("version", &self.version)
            .field("expires", &self.expires)
            .finish()
    }
}

/// A record to write.
#[derive(Clone, Copy)]
pub struct New<'a> {
    /// The record.
    pub bytes: &'a [u8],
    /// Its life from [`Call::now`] on, at least one second. `None` keeps the end of the record that it replaces (a
    /// store that can't do that writes the one that the expected record had); a new record needs a life of its own.
    pub lifetime: Option<Duration>,
}

/// Never shows the record: it is somebody's session.
impl std::fmt::Debug for New<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("New").field("bytes", &self.bytes.len()).field("lifetime", &self.lifetime).finish()
    }
}

/// The result of a swap.
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
