//! The differences between the kinds of databases.

use std::future::Future;
use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Database, Encode, Type};

use super::SqlTable;
use super::statements::{Value, Words};
use crate::store::OpenTo;

/// A row: its data, and the moment at which it ends, as text.
pub(super) type Row = (Option<Vec<u8>>, Option<String>);

/// The address and the login of a database of this kind.
pub(super) type Options<D> = <<D as Database>::Connection as Connection>::Options;

/// A kind of database.
pub(super) trait Dialect: Database {
    /// The greatest number of connections, unless the configuration says another.
    const CONNECTIONS: usize = 10;
    /// The greatest number of those that write at the same time, where that is a smaller one.
    const WRITERS: Option<usize> = None;
    /// The bytes of the largest record, where the table's column has such a limit.
    const LARGEST: Option<usize> = None;

    fn words(table: &SqlTable) -> Words;

    /// Writes the values of a statement, each of them a `?`, as the database wants them.
    fn mark(statement: String) -> String {
        statement
    }

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
        values: &[Value<'_>],
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Returns a statement's first row: its data, and its end as text.
    fn fetch(
        connection: &mut Self::Connection,
        statement: &Arc<str>,
        values: &[Value<'_>],
    ) -> impl Future<Output = sqlx::Result<Option<Row>>> + Send;

    /// Returns the ids that a statement finds.
    fn ids(
        connection: &mut Self::Connection,
        statement: &Arc<str>,
        values: &[Value<'_>],
    ) -> impl Future<Output = sqlx::Result<Vec<i64>>> + Send;

    /// Runs several statements, all or none.
    fn run(
        connection: &mut Self::Connection,
        statements: &Arc<str>,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Tells whether an error says that the table is missing.
    fn lacks_table(error: &dyn DatabaseError) -> bool;

    /// Returns the number or code under which the database's manual explains an error.
    fn number(error: &dyn DatabaseError) -> String {
        error.code().map_or_else(|| "?".into(), Into::into)
    }

    /// Explains an error of that number, where it is about the database and not about the session.
    fn meaning(number: &str) -> Option<&'static str>;

    /// Tells whether an error of that number refuses a connection because there are too many.
    fn is_full(_number: &str) -> bool {
        false
    }

    /// Tells whether an error of that number ends a connection or refuses one, so that every statement would meet it.
    fn is_away(number: &str) -> bool;
}

/// Makes a query with its values. A dialect that compares a key twice binds it twice.
pub(super) fn bound<'v, D: Database>(
    statement: &Arc<str>,
    values: &[Value<'v>],
    keys: usize,
) -> Query<'v, D, D::Arguments>
where
    &'v str: Encode<'v, D> + Type<D>,
    &'v [u8]: Encode<'v, D> + Type<D>,
    i64: Encode<'v, D> + Type<D>,
{
    let query = sqlx::query::<D>(AssertSqlSafe(Arc::clone(statement)));
    values.iter().fold(query, |query, value| match *value {
        Value::Key(key) => (0..keys).fold(query, |query, _| query.bind(key)),
        Value::Id(id) => query.bind(id),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// Names the place of a server, and a database on it, for people.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn server_address(
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

/// The methods of [`Dialect`] that differ in nothing but the driver's types.
macro_rules! driven {
    (keys: $keys:literal) => {
        async fn execute(
            connection: &mut Self::Connection,
            statement: &std::sync::Arc<str>,
            values: &[$crate::store::sql::store::statements::Value<'_>],
        ) -> sqlx::Result<u64> {
            let query = $crate::store::sql::store::dialect::bound::<Self>(statement, values, $keys);
            Ok(query.execute(connection).await?.rows_affected())
        }

        async fn fetch(
            connection: &mut Self::Connection,
            statement: &std::sync::Arc<str>,
            values: &[$crate::store::sql::store::statements::Value<'_>],
        ) -> sqlx::Result<Option<$crate::store::sql::store::dialect::Row>> {
            use sqlx::Row;

            let query = $crate::store::sql::store::dialect::bound::<Self>(statement, values, $keys);
            let row = query.fetch_optional(connection).await?;
            row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
        }

        async fn ids(
            connection: &mut Self::Connection,
            statement: &std::sync::Arc<str>,
            values: &[$crate::store::sql::store::statements::Value<'_>],
        ) -> sqlx::Result<Vec<i64>> {
            use sqlx::Row;

            let query = $crate::store::sql::store::dialect::bound::<Self>(statement, values, $keys);
            query.fetch_all(connection).await?.into_iter().map(|row| row.try_get(0)).collect()
        }

        async fn run(
            connection: &mut Self::Connection,
            statements: &std::sync::Arc<str>,
        ) -> sqlx::Result<()> {
            let statements = sqlx::AssertSqlSafe(std::sync::Arc::clone(statements));
            sqlx::raw_sql(statements).execute(connection).await.map(drop)
        }
    };
}
pub(super) use driven;
