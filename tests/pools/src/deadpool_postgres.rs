//! Sessions in a pool of tokio-postgres by deadpool.

use std::sync::Arc;

use deadpool_postgres::Pool;
use deadpool_postgres::tokio_postgres::types::ToSql;
use deadpool_postgres::tokio_postgres::{self, Row};
use rocket_session_state::store::{Call, SqlError, SqlRow, SqlStatements, SqlValue, StoreError};

/// A pool of PostgreSQL.
pub struct DeadpoolPostgres(pub Pool);

impl SqlStatements for DeadpoolPostgres {
    async fn fetch(
        &self,
        _: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<Vec<SqlRow>, SqlError> {
        let client = self.0.get().await.map_err(no_connection)?;
        let query = client.prepare_cached(query).await.map_err(failed)?;
        let rows = client.query(&query, &bound(values)).await.map_err(failed)?;
        let row = |row: &Row| Ok(SqlRow { data: row.try_get("data")?, text: row.try_get("text")? });
        let rows = rows.iter().map(row).collect::<Result<_, tokio_postgres::Error>>();
        rows.map_err(|_| StoreError::invalid_response("bytes and text").into())
    }

    async fn execute(&self, _: Call, statement: &Arc<str>, values: &[SqlValue<'_>]) -> Result<u64, SqlError> {
        let client = self.0.get().await.map_err(no_connection)?;
        let statement = client.prepare_cached(statement).await.map_err(failed)?;
        client.execute(&statement, &bound(values)).await.map_err(failed)
    }
}

fn bound<'v>(values: &'v [SqlValue<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    let bound = values.iter().map(|value| match value {
        SqlValue::Text(text) => text as &(dyn ToSql + Sync),
        SqlValue::Bytes(bytes) => bytes,
        SqlValue::Integer(integer) => integer,
    });
    bound.collect()
}

fn no_connection(error: deadpool_postgres::PoolError) -> SqlError {
    StoreError::unavailable(error).before_writing().into()
}

fn failed(error: tokio_postgres::Error) -> SqlError {
    match error.as_db_error() {
        Some(answer) => SqlError::answered(answer.code().code(), answer.message()),
        None => StoreError::unavailable(error).into(),
    }
}
