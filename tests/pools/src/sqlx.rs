//! Sessions in a pool of sqlx 0.7, as rocket_db_pools 0.2 has it.

use std::sync::Arc;

use rocket_db_pools::sqlx::database::HasArguments;
use rocket_db_pools::sqlx::query::Query;
use rocket_db_pools::sqlx::{self, Row, Sqlite, SqlitePool};
use rocket_session_state::store::{Call, SqlError, SqlRow, SqlStatements, SqlValue, StoreError};

/// A pool of SQLite; those of PostgreSQL and MySQL differ in nothing but the names of two types.
pub struct SqlxSqlite(pub SqlitePool);

impl SqlStatements for SqlxSqlite {
    async fn fetch(
        &self,
        _: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<Vec<SqlRow>, SqlError> {
        let rows = bound(query, values).fetch_all(&self.0).await.map_err(failed)?;
        let rows =
            rows.iter().map(|row| Ok(SqlRow { data: row.try_get("data")?, text: row.try_get("text")? }));
        rows.collect::<sqlx::Result<_>>().map_err(failed)
    }

    async fn execute(&self, _: Call, statement: &Arc<str>, values: &[SqlValue<'_>]) -> Result<u64, SqlError> {
        Ok(bound(statement, values).execute(&self.0).await.map_err(failed)?.rows_affected())
    }
}

fn bound<'v>(
    statement: &'v str,
    values: &[SqlValue<'v>],
) -> Query<'v, Sqlite, <Sqlite as HasArguments<'v>>::Arguments> {
    values.iter().fold(sqlx::query(statement), |query, value| match *value {
        SqlValue::Text(text) => query.bind(text),
        SqlValue::Bytes(bytes) => query.bind(bytes),
        SqlValue::Integer(integer) => query.bind(integer),
    })
}

fn failed(error: sqlx::Error) -> SqlError {
    match error {
        sqlx::Error::Database(error) => SqlError::answered(error.code().unwrap_or_default(), error.message()),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            StoreError::unavailable(error).before_writing().into()
        }
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
            StoreError::invalid_response("bytes and text").into()
        }
        error => StoreError::unavailable(error).into(),
    }
}
