//! Sessions that are too large for a signed cookie.

use std::error::Error;
use std::fmt;

/// The reason why a session is not signed: its cookie would be refused when it comes back. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// The JSON is longer than what a cookie may inflate to.
    Json {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The value of the cookie is longer than what is read.
    Value {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Json { bytes, limit } => {
                write!(f, "the session has {bytes} bytes, a cookie may inflate to {limit}")
            }
            Unreadable::Value { bytes, limit } => {
                write!(f, "the value of the cookie would have {bytes} bytes, at most {limit} are read")
            }
        }
    }
}

impl Error for Unreadable {}
