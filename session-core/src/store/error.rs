//! Why a store call failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A store call that failed. Its outcome may be open: a write may or may not have happened.
///
/// The text never holds a session id or a value.
#[derive(Debug, Clone)]
pub struct StoreError {
    kind: Kind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Misconfigured,
    Unavailable,
    Timeout,
    Garbage(&'static str),
    TooLarge { bytes: usize, limit: usize },
    OldStore,
}

impl StoreError {
    /// The store can't be made as it was asked for: a URL that does not parse, a feature that is off.
    pub fn misconfigured(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        StoreError { kind: Kind::Misconfigured, source: Some(Arc::from(source.into())) }
    }

    /// The store can't be reached or refused to work.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        StoreError { kind: Kind::Unavailable, source: Some(Arc::from(source.into())) }
    }

    /// The deadline passed before the store answered.
    pub fn timeout() -> Self {
        StoreError { kind: Kind::Timeout, source: None }
    }

    /// The store answered something that is no answer; `what` says what was expected.
    pub fn garbage(what: &'static str) -> Self {
        StoreError { kind: Kind::Garbage(what), source: None }
    }

    /// The record is larger than the store can hold. Nothing was written.
    pub fn too_large(bytes: usize, limit: usize) -> Self {
        StoreError { kind: Kind::TooLarge { bytes, limit }, source: None }
    }

    /// The store that sessions are moved out of failed (`session_migrate_from`), not the one they are in.
    pub(crate) fn of_old_store(source: StoreError) -> Self {
        StoreError { kind: Kind::OldStore, source: Some(Arc::new(source)) }
    }

    /// Whether it says nothing about the store that sessions are in.
    pub(crate) fn is_of_old_store(&self) -> bool {
        self.kind == Kind::OldStore
    }

    /// Whether the store itself is in trouble, not just one record.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Timeout)
    }

    /// Whether the record was refused for its size: the store itself is well.
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge { .. })
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Misconfigured => f.write_str("the session store is configured wrongly"),
            Kind::Unavailable => f.write_str("the session store can't be reached or refused to work"),
            Kind::Timeout => f.write_str("the session store did not answer in time"),
            Kind::Garbage(what) => write!(f, "the session store's answer makes no sense: expected {what}"),
            Kind::OldStore => f.write_str("the old store, of `session_migrate_from`, failed"),
            Kind::TooLarge { bytes, limit } => {
                write!(f, "the record has {bytes} bytes, the session store holds at most {limit}")
            }
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}
