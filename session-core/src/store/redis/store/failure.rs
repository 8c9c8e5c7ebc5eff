//! Redis errors without what they quote.

use std::error::Error;
use std::fmt;

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

/// A [`RedisError`] whose texts are safe to log.
///
/// A server may repeat a command's arguments in its error, which are session ids and records, and
/// the client library repeats the bytes that it could not parse. Of those this shows the error's
/// code only. The cause of a broken connection is passed on: it comes from the operating system or
/// from TLS.
pub(super) struct Failure(RedisError);

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Failure(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure.0.kind() {
            ErrorKind::Parse => StoreError::garbage("Redis's protocol"),
            _ => StoreError::unavailable(failure),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            ErrorKind::Io => f.write_str("the connection to Redis failed"),
            ErrorKind::Parse => f.write_str("the answer is not in Redis's protocol"),
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let code = self.0.code().filter(|code| is_code(code)).unwrap_or("an error");
                write!(f, "Redis answered {code}")?;
                match (code, self.0.detail()) {
                    ("ERR", Some(detail)) if detail.starts_with("unknown command") => {
                        f.write_str(": it does not know a command; version 6.2 or newer is needed")
                    }
                    ("WRONGTYPE", _) => f.write_str(": the key holds something else than a string"),
                    _ => Ok(()),
                }
            }
            // All others are made by the client library: a fixed text, then a detail.
            _ => {
                let text = self.0.to_string();
                let detail = self.0.detail().unwrap_or_default();
                f.write_str(text.strip_suffix(detail).unwrap_or("Redis failed").trim_end_matches(": "))
            }
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if self.0.is_io_error() { self.0.source() } else { None }
    }
}

/// Whether a word from the server is a code like `WRONGTYPE`, and not just any text.
fn is_code(word: &str) -> bool {
    word.len() <= 16 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}
