//! The statements of a store, by whatever runs them.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::SqlError;
use crate::store::{Call, OpenTo};

/// What runs the statements of a [`SqlStore`](super::SqlStore): an application's own pool, of any driver and version.
///
/// Two calls are all that it takes; implementations write `async fn`, and the futures have to be `Send`. The guide's page
/// "Your own pool" has one for each of sqlx, diesel-async, tokio-postgres and rusqlite.
///
/// * Each statement is a transaction of its own, and no two have to meet the same connection.
/// * Their values stand where the [dialect](super::SqlDialect) has its marks, `?` or `$1`, in this order.
/// * A future may be dropped at any await: the caller keeps the deadline. The connection must not be handed out again
///   while the answer to a dropped statement is on its way; the pools of these drivers see to that.
/// * Nothing is repeated here.
pub trait SqlStatements: Send + Sync + 'static {
    /// Runs a query and returns its rows: one at most, but for the purge of MySQL, which finds up to 500.
    ///
    /// # Errors
    ///
    /// See [`SqlError`].
    fn fetch(
        &self,
        call: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> impl Future<Output = Result<Vec<SqlRow>, SqlError>> + Send;

    /// Runs a statement and returns the number of rows that it inserted, deleted or found to change.
    ///
    /// A row that is found, and has the new values already, counts. MySQL's servers leave it out unless a connection asks for
    /// it (`CLIENT_FOUND_ROWS`): sqlx and diesel do, `mysql_async` does with `client_found_rows(true)`. Without it nothing
    /// launches.
    ///
    /// # Errors
    ///
    /// See [`SqlError`].
    fn execute(
        &self,
        call: Call,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> impl Future<Output = Result<u64, SqlError>> + Send;

    /// Returns the address of the database for people, without a login: `PostgreSQL at db.example`.
    ///
    /// It is part of the launch's messages. The default returns `None`, and they name the kind of the database.
    fn address(&self) -> Option<String> {
        None
    }

    /// Says who else on this machine may use the database, as [`Store::open_to_others`](crate::store::Store::open_to_others)
    /// does. The default returns `None`.
    fn open_to_others(&self) -> Option<OpenTo> {
        None
    }
}

/// A value of a statement, as every driver can pass it.
#[derive(Clone, Copy)]
pub enum SqlValue<'a> {
    /// A key, or a point in time as text.
    Text(&'a str),
    /// A record.
    Bytes(&'a [u8]),
    /// The id of a row; MySQL's purge alone has it.
    Integer(i64),
}

/// Never shows the value: it may be a session's.
impl fmt::Debug for SqlValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SqlValue::Text(_) => "Text(…)",
            SqlValue::Bytes(_) => "Bytes(…)",
            SqlValue::Integer(_) => "Integer(…)",
        })
    }
}

/// A row that a query has found. Its columns are named like these fields, and come in this order.
pub struct SqlRow {
    /// The column `data`: a record.
    pub data: Option<Vec<u8>>,
    /// The column `text`: the point in time at which the record ends, or the id of a row.
    pub text: Option<String>,
}

/// Never shows the record: it is somebody's session.
impl fmt::Debug for SqlRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.data.as_ref().map(Vec::len);
        f.debug_struct("SqlRow").field("data", &bytes).finish_non_exhaustive()
    }
}
