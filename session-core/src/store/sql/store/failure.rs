//! Database errors without what they quote.

use std::error::Error;
use std::fmt;

use super::dialect::Dialect;
use crate::store::StoreError;

/// What went wrong, for a caller of the store.
///
/// The text of a statement's error may hold a session id or a part of a record ("Duplicate entry …"), so only its
/// number is shown, with words of our own. While a connection is made and the table is looked at, nothing of a session is on its
/// way: there the database's own words are passed on, since they say what to do.
pub(super) fn of_statement<D: Dialect>(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            StoreError::garbage("the columns of Flask-Session's table")
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            StoreError::unavailable(error)
        }
        sqlx::Error::Database(error) => {
            let number = D::number(&*error);
            StoreError::unavailable(Refusal { meaning: D::meaning(&number), number })
        }
        _ => StoreError::unavailable("the database driver failed"),
    }
}

/// What went wrong while the store was made ready.
pub(super) fn of_start(error: sqlx::Error) -> StoreError {
    match error {
        // A pool says the same, and the word "pool" would be ours.
        sqlx::Error::Database(error) => StoreError::unavailable(Words(error.message().to_owned())),
        other => StoreError::unavailable(other),
    }
}

/// A statement that the database refused.
#[derive(Debug)]
struct Refusal {
    number: String,
    meaning: Option<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database answered error {}", self.number)?;
        self.meaning.map_or(Ok(()), |meaning| write!(f, ": {meaning}"))
    }
}

impl Error for Refusal {}

#[derive(Debug)]
struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database answered: {}", self.0)
    }
}

impl Error for Words {}
