//! Database errors without what they quote.

use std::error::Error;
use std::fmt;

use sqlx::error::DatabaseError;

use super::dialect::Dialect;
use crate::store::StoreError;
use crate::store::driver_error::{DriverError, Verdict};

impl DriverError for sqlx::Error {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            sqlx::Error::Io(_) => "the connection to the database failed",
            sqlx::Error::Tls(_) => "TLS to the database failed",
            sqlx::Error::PoolTimedOut => "the application's pool had no free connection in time",
            sqlx::Error::PoolClosed => "the application's pool is closed",
            _ => "the database driver failed",
        })
    }

    fn safe_source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            sqlx::Error::Io(error) => Some(error),
            sqlx::Error::Tls(error) => Some(&**error),
            _ => None,
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Verdict::Garbled("the columns of Flask-Session's table")
            }
            // The application may use all connections itself, or the pool can't open one.
            sqlx::Error::PoolTimedOut => Verdict::Late,
            _ => Verdict::Away,
        }
    }
}

/// The error of a statement on a session.
///
/// The database's text may hold a session id or a part of a record ("Duplicate entry …"), so only its number is
/// shown, with words of our own.
pub(super) fn of_statement<D: Dialect>(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => {
            let number = D::number(&*error);
            let meaning = D::meaning(&number).map_or_else(String::new, |meaning| format!(": {meaning}"));
            answered::<D>(&*error, format!("the database answered error {number}{meaning}"))
        }
        error => StoreError::of_driver(error),
    }
}

/// The error of making the store ready. Nothing of a session is sent then, and the words of the database say what
/// to do.
pub(super) fn of_start<D: Dialect>(error: sqlx::Error) -> StoreError {
    match error {
        // A pool says the same, and the word "pool" would be ours.
        sqlx::Error::Database(error) => {
            answered::<D>(&*error, format!("the database answered: {}", error.message()))
        }
        error @ (sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed) => StoreError::of_driver(error),
        // Their texts hold those of their causes.
        other => StoreError::unavailable(other.to_string()),
    }
}

/// The error of an answer. Most are about a statement, its row or its rights.
fn answered<D: Dialect>(error: &dyn DatabaseError, text: String) -> StoreError {
    let number = D::number(error);
    match D::is_away(&number) {
        true => StoreError::unavailable(text),
        // Without a connection, nothing was sent.
        false if D::is_full(&number) => StoreError::refused(text).before_writing(),
        false => StoreError::refused(text),
    }
}
