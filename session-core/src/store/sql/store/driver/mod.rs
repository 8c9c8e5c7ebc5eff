//! The statements by sqlx, on connections of our own or in an application's pool.

pub(super) mod address;
pub(super) mod connections;
mod driver_error;
#[cfg(feature = "mysql")]
mod mysql;
mod places;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::future::Future;
use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Database, Encode, Type};

use super::{SqlDialect, SqlRow, SqlValue};
use crate::store::OpenTo;

/// The address and the login of a database of this kind.
pub(super) type Options<D> = <<D as Database>::Connection as Connection>::Options;

/// A driver of sqlx.
pub(super) trait Driver: Database {
    const DIALECT: SqlDialect;
    /// The greatest number of connections, unless the configuration says another.
    const CONNECTIONS: usize = 10;
    /// The greatest number of those that write at the same time, where that is a smaller one.
    const WRITERS: Option<usize> = None;

    /// Returns the address of the database without the login, for people.
    fn address(options: &Options<Self>) -> String;

    /// Says who else may use the database on this machine without its login, and what to do about it.
    fn open_to_others(_options: &Options<Self>) -> Option<OpenTo> {
        None
    }

    fn open(options: &Options<Self>) -> impl Future<Output = sqlx::Result<Self::Connection>> + Send {
        options.connect()
    }

    /// Runs a statement and returns the number of rows that it changed.
    fn execute(
        connection: &mut Self::Connection,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Returns the rows that a query finds.
    fn fetch(
        connection: &mut Self::Connection,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> impl Future<Output = sqlx::Result<Vec<SqlRow>>> + Send;

    /// Returns the number or code under which the database's manual explains an error.
    fn number(error: &dyn DatabaseError) -> String {
        error.code().map_or_else(|| "?".into(), Into::into)
    }
}

/// Makes a query with its values.
fn bound<'v, D: Database>(statement: &Arc<str>, values: &[SqlValue<'v>]) -> Query<'v, D, D::Arguments>
where
    &'v str: Encode<'v, D> + Type<D>,
    &'v [u8]: Encode<'v, D> + Type<D>,
    i64: Encode<'v, D> + Type<D>,
{
    let query = sqlx::query::<D>(AssertSqlSafe(Arc::clone(statement)));
    values.iter().fold(query, |query, value| match *value {
        SqlValue::Text(text) => query.bind(text),
        SqlValue::Bytes(bytes) => query.bind(bytes),
        SqlValue::Integer(integer) => query.bind(integer),
    })
}

/// Names the place of a server, and a database on it, for people.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server_address(
    kind: &str,
    host: &str,
    port: u16,
    socket: Option<&std::path::PathBuf>,
    database: Option<&str>,
) -> String {
    let server = socket.map_or_else(|| format!("{host}:{port}"), |socket| socket.display().to_string());
    let database = database.map_or_else(String::new, |name| format!(", database {name}"));
    format!("{kind} at {server}{database}")
}

/// The methods of [`Driver`] that differ in nothing but the driver's types.
macro_rules! driven {
    () => {
        async fn execute(
            connection: &mut Self::Connection,
            statement: &std::sync::Arc<str>,
            values: &[$crate::store::SqlValue<'_>],
        ) -> sqlx::Result<u64> {
            let query = $crate::store::sql::store::driver::bound::<Self>(statement, values);
            Ok(query.execute(connection).await?.rows_affected())
        }

        async fn fetch(
            connection: &mut Self::Connection,
            query: &std::sync::Arc<str>,
            values: &[$crate::store::SqlValue<'_>],
        ) -> sqlx::Result<Vec<$crate::store::SqlRow>> {
            use sqlx::Row;

            let query = $crate::store::sql::store::driver::bound::<Self>(query, values);
            let rows = query.fetch_all(connection).await?;
            rows.iter()
                .map(|row| Ok($crate::store::SqlRow { data: row.try_get(0)?, text: row.try_get(1)? }))
                .collect()
        }
    };
}
use driven;
