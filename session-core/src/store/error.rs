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
    Elsewhere,
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

    /// A call failed for a reason outside of the store that was called. It says nothing about that store.
    pub(crate) fn elsewhere(source: impl Error + Send + Sync + 'static) -> Self {
        StoreError { kind: Kind::Elsewhere, source: Some(Arc::new(source)) }
    }

    /// Whether it says nothing about the store that was called.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.kind == Kind::Elsewhere
    }

    /// Whether the store itself is in trouble, not just one record. The log has lines about such an outage
    /// as a whole, so a caller need not log each request that meets it.
    pub fn is_outage(&self) -> bool {
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
            // As if it were the source itself.
            Kind::Elsewhere => self.source.as_ref().map_or(Ok(()), |source| source.fmt(f)),
            Kind::TooLarge { bytes, limit } => {
                write!(f, "the record has {bytes} bytes, the session store holds at most {limit}")
            }
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref().map(|e| e as &(dyn Error + 'static));
        if self.kind == Kind::Elsewhere { source.and_then(Error::source) } else { source }
    }
}
