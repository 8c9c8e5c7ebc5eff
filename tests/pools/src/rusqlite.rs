//! Sessions in a connection of rusqlite, whose calls block and therefore run on threads of their own.

use std::sync::{Arc, Mutex, PoisonError};

use rocket::tokio::task::spawn_blocking;
use rocket_session_state::store::{Call, SqlError, SqlRow, SqlStatements, SqlValue, StoreError};
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, params_from_iter};

/// One connection. SQLite has one writer in any case; a pool such as r2d2's would let more read at the same time.
pub struct Rusqlite(pub Arc<Mutex<Connection>>);

impl SqlStatements for Rusqlite {
    async fn fetch(
        &self,
        _: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<Vec<SqlRow>, SqlError> {
        let fetch = |query: &mut CachedStatement<'_>, values: Vec<Value>| {
            let row = |row: &rusqlite::Row<'_>| Ok(SqlRow { data: row.get("data")?, text: row.get("text")? });
            query.query_map(params_from_iter(values), row)?.collect()
        };
        self.run(query, values, fetch).await
    }

    async fn execute(&self, _: Call, statement: &Arc<str>, values: &[SqlValue<'_>]) -> Result<u64, SqlError> {
        let changed =
            self.run(statement, values, |statement, values| statement.execute(params_from_iter(values)));
        Ok(changed.await? as u64)
    }
}

impl Rusqlite {
    async fn run<T: Send + 'static>(
        &self,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
        work: impl FnOnce(&mut CachedStatement<'_>, Vec<Value>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqlError> {
        let (connection, statement) = (Arc::clone(&self.0), Arc::clone(statement));
        let values = values.iter().map(owned).collect();
        let run = move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection.prepare_cached(&statement)?, values)
        };
        spawn_blocking(run).await.map_err(StoreError::unavailable)?.map_err(failed)
    }
}

fn owned(value: &SqlValue<'_>) -> Value {
    match *value {
        SqlValue::Text(text) => text.to_owned().into(),
        SqlValue::Bytes(bytes) => bytes.to_owned().into(),
        SqlValue::Integer(integer) => integer.into(),
    }
}

/// What is not an error of SQLite is one of reading its row.
fn failed(error: rusqlite::Error) -> SqlError {
    match error.sqlite_error() {
        Some(code) => SqlError::answered(code.extended_code.to_string(), error.to_string()),
        None => StoreError::invalid_response("bytes and text").into(),
    }
}
