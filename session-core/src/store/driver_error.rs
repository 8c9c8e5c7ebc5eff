//! Errors of database drivers, without what they quote.

use std::error::Error;
use std::fmt;

use super::StoreError;

/// A driver's error of which some texts are not safe to log: servers and drivers quote session ids and records.
pub(super) trait DriverError: Error + Send + Sync + 'static {
    /// Writes what happened, without a text that may quote something.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Returns the cause if its text is safe: it comes from the operating system or from TLS.
    fn safe_source(&self) -> Option<&(dyn Error + 'static)>;

    /// Says what the error tells about the store.
    fn verdict(&self) -> Verdict;
}

/// What an error tells about the store.
pub(super) enum Verdict {
    /// The store is away: for every call there would be an error.
    Away,
    /// The store answered, and refused this call.
    #[cfg(any(feature = "redis", feature = "memcached", feature = "mongodb"))]
    Refused,
    /// The driver has waited in vain.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    Late,
    /// The answer can't be understood; this was expected.
    Garbled(&'static str),
}

/// A driver's error as it may be shown.
struct Redacted<E>(E);

impl<E: DriverError> fmt::Display for Redacted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

impl<E: DriverError> fmt::Debug for Redacted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redacted({self})")
    }
}

impl<E: DriverError> Error for Redacted<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.safe_source()
    }
}

impl StoreError {
    /// Takes the error of a call that failed, whatever it says, since the store does not work.
    #[cfg(feature = "redis")]
    pub(super) fn away_by_driver(error: impl DriverError) -> Self {
        StoreError::unavailable(Redacted(error))
    }

    /// Takes the error of a call that failed.
    pub(super) fn of_driver(error: impl DriverError) -> Self {
        match error.verdict() {
            Verdict::Away => StoreError::unavailable(Redacted(error)),
            #[cfg(any(feature = "redis", feature = "memcached", feature = "mongodb"))]
            Verdict::Refused => StoreError::refused(Redacted(error)),
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Verdict::Late => StoreError::timeout_of(Redacted(error)),
            Verdict::Garbled(expected) => StoreError::invalid_response(expected),
        }
    }
}
