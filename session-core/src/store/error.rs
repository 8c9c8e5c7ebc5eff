//! The error of a store call.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::{Part, Store};

/// A store call that failed. Its outcome is open, a write may or may not have happened, unless it is known that it
/// [wrote nothing](StoreError::wrote_nothing).
///
/// The text never holds a session id or a value. The cause, where there is one, is its
/// [`source`](Error::source).
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use std::io;
/// use rocket_session_state::store::StoreError;
///
/// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
/// let error = StoreError::unavailable(refused).at("127.0.0.1:6379");
/// assert_eq!(error.to_string(), "the session store can't be reached (127.0.0.1:6379)");
/// ```
#[derive(Debug, Clone)]
pub struct StoreError {
    kind: Kind,
    /// The store knows that nothing was written.
    wrote: Wrote,
    address: Option<Arc<str>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What a store has said of the writing that a call did before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Unknown,
    Nothing,
    Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Misconfigured,
    Unavailable,
    Refused,
    Timeout,
    OutOfTime,
    GivenUp,
    InvalidResponse(&'static str),
    TooLarge { bytes: usize, limit: usize, whose: &'static str },
    Elsewhere,
}

impl StoreError {
    fn new(kind: Kind, source: Option<Arc<dyn Error + Send + Sync>>) -> Self {
        StoreError { kind, wrote: Wrote::Unknown, address: None, source }
    }

    /// The store can't be made as configured: a URL that does not parse, a feature that is off.
    pub fn misconfigured(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Misconfigured, Some(Arc::from(source.into())))
    }

    /// The store is away: it can't be reached, the connection broke, or it does not work yet.
    ///
    /// A store that answers a call with a refusal is there; see [`refused`](Self::refused).
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Unavailable, Some(Arc::from(source.into())))
    }

    /// The store answered, and refused what this call wanted: for its key, its record, its size, or a right that it
    /// needs. That fails the request, and says nothing about other requests.
    pub fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Refused, Some(Arc::from(source.into())))
    }

    /// Somebody stopped waiting for a connection before the store's deadline was over; `source` tells more.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub(super) fn timeout_of(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Timeout, Some(Arc::from(source.into()))).before_writing()
    }

    /// The deadline passed before the store answered.
    pub fn timeout() -> Self {
        Self::new(Kind::Timeout, None)
    }

    /// The request had no time left for a call, whether it was the store or other requests that took it.
    pub(crate) fn out_of_time() -> Self {
        Self::timeout().cut_short().before_writing()
    }

    /// The call had less than its full time, because the request has used up the rest for others.
    pub(crate) fn cut_short(self) -> Self {
        let used_up = || Arc::from(Box::from("the time of the request is used up"));
        StoreError { kind: Kind::OutOfTime, source: self.source.or_else(|| Some(used_up())), ..self }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn given_up() -> Self {
        Self::new(Kind::GivenUp, None)
    }

    /// The store's answer can't be understood; `expected` completes the sentence "expected …".
    pub fn invalid_response(expected: &'static str) -> Self {
        Self::new(Kind::InvalidResponse(expected), None)
    }

    /// The record is larger than the store can hold, both in bytes. Nothing was written.
    pub fn too_large(bytes: usize, limit: usize) -> Self {
        Self::new(Kind::TooLarge { bytes, limit, whose: "the session store holds at most" }, None)
    }

    /// The record is larger than sessions may be, both in bytes. Nothing was written.
    pub(crate) fn over_max_size(bytes: usize, limit: usize) -> Self {
        Self::new(Kind::TooLarge { bytes, limit, whose: "session_max_size allows" }, None)
    }

    /// The record is larger than any may be.
    pub(crate) fn over_every_size(bytes: usize) -> Self {
        let limit = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        Self::new(Kind::TooLarge { bytes, limit, whose: "no record can have more than" }, None)
    }

    /// A call failed since another store did. It says nothing about the store that was called.
    pub(super) fn elsewhere(text: &str, source: StoreError) -> Self {
        let wrote = if source.wrote_nothing() { Wrote::Nothing } else { source.wrote };
        let told = Told { text: text.to_owned(), source: source.into() };
        StoreError { wrote, ..Self::new(Kind::Elsewhere, Some(Arc::new(told))) }
    }

    /// Says in which step of the launch's trial the error came, and under which key.
    pub(crate) fn at_step(mut self, step: &str, key: &str) -> Self {
        let text = format!("the launch tried {step} under {key:?}, as requests do");
        self.source = Some(match self.source.take() {
            Some(source) => Arc::new(Told { text, source: Box::new(source) }),
            None => Arc::from(Box::<dyn Error + Send + Sync>::from(text)),
        });
        self
    }

    /// Notes that the call failed before it could write anything, so that it may be made again.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::StoreError;
    ///
    /// let lost = StoreError::unavailable("the connection broke while waiting for the answer");
    /// assert!(!lost.wrote_nothing());
    /// assert!(!StoreError::refused("the second of two files can't be removed").wrote_nothing());
    /// let early = StoreError::unavailable("no connection was free").before_writing();
    /// assert!(early.wrote_nothing());
    /// ```
    #[must_use]
    pub fn before_writing(mut self) -> Self {
        self.wrote = Wrote::Nothing;
        self
    }

    /// Notes that the call failed after it had written a part, whatever the error says of the rest.
    pub(crate) fn after_writing(mut self) -> Self {
        self.wrote = Wrote::Part;
        self
    }

    /// Adds the store's address, without a login, to the text; an error that has one keeps it.
    #[must_use]
    pub fn at(mut self, address: impl Into<Arc<str>>) -> Self {
        if self.address.is_none() && !self.is_elsewhere() {
            self.address = Some(address.into());
        }
        self
    }

    /// Adds the name of the part of the store that was called, if there are several.
    pub(crate) fn at_part(self, part: Option<&Part>) -> Self {
        match part {
            Some(part) => self.at(part.name()),
            None => self,
        }
    }

    /// Adds the store's address, if it has one.
    pub(crate) fn at_store(self, store: &impl Store) -> Self {
        match store.address() {
            Some(address) => self.at(address),
            None => self,
        }
    }

    /// Tells whether the error says nothing about the store that was called.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.kind == Kind::Elsewhere
    }

    /// Tells whether the store answered, and refused what this call wanted.
    pub fn is_refusal(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Tells whether an answer was waited for in vain, which may be due to the store or to this call.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout | Kind::OutOfTime)
    }

    /// Tells whether the request had too little time for this call, which is not the store's fault.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.kind == Kind::OutOfTime
    }

    /// Tells whether the call certainly wrote nothing: the store has [said so](StoreError::before_writing), it refused
    /// the record's size, or it refused the connection. Otherwise a write may have happened, and making it again could
    /// count it twice. A call that was [refused](StoreError::refused) may have done a part of its work before.
    pub fn wrote_nothing(&self) -> bool {
        match self.wrote {
            Wrote::Nothing => true,
            Wrote::Part => false,
            Wrote::Unknown => {
                matches!(self.kind, Kind::Misconfigured | Kind::TooLarge { .. })
                    || chain(self).any(is_refused_connection)
            }
        }
    }

    /// Tells whether the store itself is in trouble, not just one record. The log has lines about such an
    /// outage as a whole, so a caller need not log each request that meets it.
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Timeout | Kind::OutOfTime)
    }

    /// Tells whether the log has lines about the trouble as a whole: an [outage](Self::is_outage) or refusals of this
    /// store, or of the one that sessions are moved out of.
    #[doc(hidden)]
    pub fn was_told(&self) -> bool {
        let elsewhere = self.source().filter(|_| self.is_elsewhere());
        let is_told = |error: &Self| error.is_outage() || error.is_refusal();
        is_told(self) || elsewhere.and_then(|e| e.downcast_ref::<Self>()).is_some_and(is_told)
    }

    /// Tells whether the record was refused for its size: the store itself is well.
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge { .. })
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Misconfigured => f.write_str("the session store is configured wrongly"),
            Kind::Unavailable => f.write_str("the session store can't be reached"),
            Kind::Refused => f.write_str("the session store refused the call"),
            Kind::Timeout | Kind::OutOfTime => f.write_str("the session store did not answer in time"),
            Kind::GivenUp => f.write_str("a save was given up before the session store had answered"),
            // As if it were the source itself.
            Kind::Elsewhere => self.source.as_ref().map_or(Ok(()), |source| source.fmt(f)),
            Kind::InvalidResponse(expected) => {
                write!(f, "unexpected answer from the session store: expected {expected}")
            }
            Kind::TooLarge { bytes, limit, whose } => {
                write!(f, "the record has {bytes} bytes, {whose} {limit}")
            }
        }?;
        self.address.as_ref().map_or(Ok(()), |address| write!(f, " ({address})"))
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref().map(|e| e as &(dyn Error + 'static));
        if self.kind == Kind::Elsewhere { source.and_then(Error::source) } else { source }
    }
}

/// The causes of an error, one after another.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn is_refused_connection(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// An error in words of our own.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) text: String,
    pub(super) source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
