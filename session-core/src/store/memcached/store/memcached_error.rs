//! memcached errors without what they quote.

use std::fmt;

use memcache::exp::Error;

use crate::store::driver_error::{DriverError, Verdict};

/// The library's own texts name the key, and quote the server's answer.
impl DriverError for Error {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match root(self) {
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

    fn safe_source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match root(self) {
            Error::Io(error) => Some(error),
            _ => None,
        }
    }

    fn verdict(&self) -> Verdict {
        match root(self) {
            Error::Protocol(_) => Verdict::Garbled("memcached's meta protocol"),
            Error::Rejected(_) | Error::Server(_) | Error::Usage(_) => Verdict::Refused,
            _ => Verdict::Away,
        }
    }
}

/// Tells whether the server had no item for a record of this size.
pub(super) fn is_too_large(error: &Error) -> bool {
    matches!(root(error), Error::Server(text) if text.starts_with("object too large"))
}

/// Tells whether the connection broke or could not be made.
pub(super) fn is_broken_connection(error: &Error) -> bool {
    matches!(root(error), Error::Io(_))
}

/// Removes the remark that the outcome is open, which is so for all store errors.
fn root(error: &Error) -> &Error {
    match error {
        Error::Ambiguous { source, .. } => root(source),
        error => error,
    }
}
