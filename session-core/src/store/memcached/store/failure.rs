//! memcached errors without what they quote.

use std::fmt;

use memcache::exp::Error;

use crate::store::StoreError;

/// An [`Error`] whose texts are safe to log: the library's own name the key, and quote what the server said.
pub(super) struct Failure(Error);

impl Failure {
    /// Whether the server had no item for a record of this size.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.root(), Error::Server(text) if text.starts_with("object too large"))
    }

    /// Whether the connection broke or could not be made.
    pub(super) fn is_broken_connection(&self) -> bool {
        matches!(self.root(), Error::Io(_))
    }

    /// The error itself, without the remark that its outcome is open, which is so for all store errors.
    fn root(&self) -> &Error {
        let mut error = &self.0;
        while let Error::Ambiguous { source, .. } = error {
            error = source;
        }
        error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure.root() {
            Error::Protocol(_) => StoreError::garbage("memcached's meta protocol"),
            _ => StoreError::unavailable(failure),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root() {
            Error::Io(_) => f.write_str("the connection to memcached failed"),
            Error::Rejected(text) if text == "ERROR" => {
                f.write_str("the server does not know a command; memcached 1.6 or newer is needed")
            }
            Error::Rejected(_) => f.write_str("memcached refused a command"),
            Error::Server(text) if text.starts_with("out of memory") => {
                f.write_str("memcached is out of memory")
            }
            Error::Server(_) => f.write_str("memcached answered an error of its own"),
            // A fixed text of the library: the key is too long, a name has no address.
            Error::Usage(text) => f.write_str(text),
            _ => f.write_str("memcached failed"),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.root() {
            Error::Io(error) => Some(error),
            _ => None,
        }
    }
}
