//! Errors of sqlx without what they quote.

use std::error::Error;
use std::fmt;

use super::Driver;
use crate::store::StoreError;
use crate::store::driver_error::{DriverError, Verdict};
use crate::store::sql::store::SqlError;

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

/// The error of a statement. Most texts of sqlx hold those of their causes, which may quote a session, so that they are
/// shown at launch only.
pub(super) fn of_statement<D: Driver>(error: sqlx::Error) -> SqlError {
    match error {
        sqlx::Error::Database(error) => SqlError::answered(D::number(&*error), error.message()),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            StoreError::of_driver(error).into()
        }
        other => {
            let at_launch = StoreError::unavailable(other.to_string());
            SqlError::failed(StoreError::of_driver(other), Some(at_launch))
        }
    }
}
