//! Sessions in a pool of diesel-async.

use std::sync::Arc;

use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::result::DatabaseErrorKind::{
    ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand, UniqueViolation,
};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rocket_session_state::store::{Call, SqlError, SqlRow, SqlStatements, SqlValue, StoreError};

/// A pool of PostgreSQL.
pub struct DieselPostgres(pub Pool<AsyncPgConnection>);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Binary>)]
    data: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

impl SqlStatements for DieselPostgres {
    async fn fetch(
        &self,
        _: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<Vec<SqlRow>, SqlError> {
        let mut connection = self.0.get().await.map_err(no_connection)?;
        let rows: Vec<Row> = bound(query, values).load(&mut connection).await.map_err(failed)?;
        Ok(rows.into_iter().map(|Row { data, text }| SqlRow { data, text }).collect())
    }

    async fn execute(&self, _: Call, statement: &Arc<str>, values: &[SqlValue<'_>]) -> Result<u64, SqlError> {
        let mut connection = self.0.get().await.map_err(no_connection)?;
        Ok(bound(statement, values).execute(&mut connection).await.map_err(failed)? as u64)
    }
}

fn bound<'v>(statement: &str, values: &[SqlValue<'v>]) -> BoxedSqlQuery<'v, Pg, SqlQuery> {
    values.iter().fold(sql_query(statement).into_boxed(), |query, value| match *value {
        SqlValue::Text(text) => query.bind::<Text, _>(text),
        SqlValue::Bytes(bytes) => query.bind::<Binary, _>(bytes),
        SqlValue::Integer(integer) => query.bind::<BigInt, _>(integer),
    })
}

fn no_connection(error: PoolError) -> SqlError {
    StoreError::unavailable(error).before_writing().into()
}

/// Diesel keeps the code of an error to itself; the end of a connection is known by PostgreSQL's English words.
fn failed(error: Error) -> SqlError {
    match error {
        Error::DatabaseError(UnableToSendCommand | ClosedConnection, _) => {
            StoreError::unavailable(error).into()
        }
        Error::DeserializationError(_) => StoreError::invalid_response("bytes and text").into(),
        Error::DatabaseError(kind, answer) => {
            let code = match kind {
                UniqueViolation => "23505",
                SerializationFailure => "40001",
                ReadOnlyTransaction => "25006",
                _ if answer.message().starts_with("terminating connection") => "57P01",
                _ => "",
            };
            SqlError::answered(code, answer.message())
        }
        error => StoreError::unavailable(error).into(),
    }
}
