//! Records as rows of a table: the store's calls as statements, the same for every kind of database.

use std::iter::repeat;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use tokio::sync::OnceCell;

use super::connections::Connections;
use super::dialect::Dialect;
use super::statements::{BATCH, Statements, Value};
use super::{SqlTable, database_error, timestamp};
use crate::store::{Call, Loaded, New, OpenTo, Store, StoreError, Swap};

use Value::{Bytes, Id, Key, Text};

/// The rows of a table.
pub(super) struct RowStore<D: Dialect> {
    connections: Connections<D>,
    statements: Statements,
    ready: OnceCell<()>,
    /// The database's address, without the login, and the table, for people.
    address: String,
}

/// The result of one step of a purge.
struct Batch {
    removed: u64,
    is_last: bool,
}

/// The number of attempts at a statement that the database has undone, so that others could go on.
const ATTEMPTS: u32 = 5;

impl<D: Dialect> RowStore<D> {
    pub(super) fn new(connections: Connections<D>, table: &SqlTable) -> Self {
        let address = format!("{}, table {table}", connections.address());
        RowStore {
            connections,
            statements: Statements::new(D::words(table), D::mark),
            ready: OnceCell::new(),
            address,
        }
    }

    /// Makes sure, once, that the table is there.
    async fn prepare(&self, call: Call) -> Result<(), StoreError> {
        let prepare = || async {
            let missing = match self.probe(call).await {
                Err(sqlx::Error::Database(error)) if D::lacks_table(&*error) => error,
                other => return other,
            };
            let Err(refused) = self.create_table(call).await else { return self.probe(call).await };
            // Another process may have been faster, which databases answer with all kinds of errors.
            match self.probe(call).await {
                Err(sqlx::Error::Database(error)) if error.message() == missing.message() => Err(refused),
                other => other,
            }
        };
        self.ready.get_or_try_init(prepare).await.map_err(database_error::of_start::<D>).copied()
    }

    async fn probe(&self, call: Call) -> sqlx::Result<()> {
        let probe = async |connection: &mut _| D::execute(connection, &self.statements.probe, &[]).await;
        self.connections.with(call, false, probe).await.map(drop)
    }

    async fn create_table(&self, call: Call) -> sqlx::Result<()> {
        let create = async |connection: &mut _| D::run(connection, &self.statements.create_table).await;
        self.connections.with(call, true, create).await
    }

    /// Reads the living record under `key`.
    async fn read(&self, call: Call, key: &str, now: &str) -> Result<Option<Loaded>, StoreError> {
        self.prepare(call).await?;
        let values = [Key(key), Text(now)];
        let load = async |connection: &mut _| D::fetch(connection, &self.statements.load, &values).await;
        match self.connections.with(call, false, load).await.map_err(|error| self.failed(error))? {
            Some((Some(data), end)) => {
                let loaded = Loaded::new(data);
                // A moment in a form that is not ours is one that nobody here knows.
                Ok(Some(match end.as_deref().and_then(timestamp::moment) {
                    Some(end) => loaded.expiring(end),
                    None => loaded,
                }))
            }
            Some((None, _)) => Err(StoreError::invalid_response("data in the session's row")),
            None => Ok(None),
        }
    }

    /// Runs a statement and returns how many rows it changed.
    async fn change(
        &self,
        call: Call,
        statement: &Arc<str>,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        self.changed(call, statement, values).await.map_err(|error| self.failed(error))
    }

    async fn changed(&self, call: Call, statement: &Arc<str>, values: &[Value<'_>]) -> sqlx::Result<u64> {
        let mut attempt = 1;
        loop {
            let execute = async |connection: &mut _| D::execute(connection, statement, values).await;
            match self.connections.with(call, true, execute).await {
                // The database says that nothing has happened, so trying again repeats nothing.
                Err(sqlx::Error::Database(error)) if gave_way(&*error) && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Writes a record where no living one is. A row that has expired is made a new one.
    async fn create(
        &self,
        call: Call,
        key: &str,
        data: &[u8],
        expiry: &str,
        now: &str,
    ) -> Result<bool, StoreError> {
        let values = [Text(key), Bytes(data), Text(expiry)];
        let inserted = match self.changed(call, &self.statements.insert, &values).await {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => 0,
            other => other.map_err(|error| self.failed(error))?,
        };
        if inserted > 0 {
            return Ok(true);
        }
        let values = [Bytes(data), Text(expiry), Key(key), Text(now)];
        Ok(self.change(call, &self.statements.take_over, &values).await? > 0)
    }

    /// Deletes some of the rows that have expired.
    async fn purge_batch(&self, call: Call, now: &str) -> Result<Batch, StoreError> {
        let Some(find_expired) = &self.statements.find_expired else {
            let removed = self.change(call, &self.statements.purge, &[Text(now)]).await?;
            return Ok(Batch { removed, is_last: removed < BATCH as u64 });
        };
        let find = async |connection: &mut _| D::ids(connection, find_expired, &[Text(now)]).await;
        let ids = self.connections.with(call, false, find).await.map_err(|error| self.failed(error))?;
        let Some(last) = ids.last() else { return Ok(Batch { removed: 0, is_last: true }) };
        // The statement is made known to the server once, for so many ids: one of them fills the gaps.
        let listed = ids.iter().chain(repeat(last)).take(BATCH).map(|id| Id(*id));
        let values: Vec<Value<'_>> = listed.chain([Text(now)]).collect();
        let removed = self.change(call, &self.statements.purge, &values).await?;
        Ok(Batch { removed, is_last: ids.len() < BATCH })
    }

    fn failed(&self, error: sqlx::Error) -> StoreError {
        self.connections.leave_idle();
        database_error::of_statement::<D>(error)
    }
}

impl<D: Dialect> Store for RowStore<D> {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let now = timestamp::text(call.now);
        let Some(loaded) = self.read(call, key, &now).await? else { return Ok(None) };
        let Some(lifetime) = touch else { return Ok(Some(loaded)) };
        let expiry = timestamp::text_after(call.now, lifetime);
        let extended =
            self.change(call, &self.statements.extend, &[Text(&expiry), Key(key), Text(&now)]).await?;
        // It may have been deleted between the two statements.
        Ok((extended > 0).then(|| loaded.with_life_left(call.now, lifetime)))
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        if let (Some(new), Some(limit)) = (new, D::LARGEST)
            && new.bytes.len() > limit
        {
            return Err(StoreError::too_large(new.bytes.len(), limit));
        }
        self.prepare(call).await?;
        let now = timestamp::text(call.now);
        let expiry = new.and_then(|new| Some(timestamp::text_after(call.now, new.lifetime?)));
        let done = match (expected, new) {
            (None, None) => false,
            (None, Some(new)) => {
                self.create(call, key, new.bytes, expiry.as_deref().unwrap_or(&now), &now).await?
            }
            (Some(expected), Some(new)) => {
                let (new, expected) = (Bytes(new.bytes), Bytes(&expected.bytes));
                let replaced = match &expiry {
                    Some(expiry) => {
                        let values = [new, Text(expiry), Key(key), expected, Text(&now)];
                        self.change(call, &self.statements.replace, &values).await?
                    }
                    None => {
                        let values = [new, Key(key), expected, Text(&now)];
                        self.change(call, &self.statements.replace_only, &values).await?
                    }
                };
                replaced > 0
            }
            (Some(expected), None) => {
                let values = [Key(key), Bytes(&expected.bytes), Text(&now)];
                self.change(call, &self.statements.remove, &values).await? > 0
            }
        };
        if done {
            return Ok(Swap::Done { version: None });
        }
        let current = self.read(call, key, &now).await?;
        if current.is_none() && expected.is_none() && new.is_none() {
            return Ok(Swap::Done { version: None });
        }
        Ok(Swap::Conflict(current))
    }

    /// Also deletes a row that has expired: to another process, whose clock is behind, it may be alive.
    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.prepare(call).await?;
        let now = timestamp::text(call.now);
        let deleted = self.change(call, &self.statements.delete_living, &[Key(key), Text(&now)]).await? > 0;
        if !deleted {
            self.change(call, &self.statements.delete_any, &[Key(key)]).await?;
        }
        Ok(deleted)
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.prepare(call).await?;
        let now = timestamp::text(call.now);
        let mut removed = 0;
        loop {
            let batch = self.purge_batch(call, &now).await?;
            removed += batch.removed;
            if batch.is_last {
                return Ok(removed);
            }
        }
    }

    /// Creates the table if it is missing, and looks whether it has the columns.
    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.prepare(call).await?;
        self.probe(call).await.map_err(database_error::of_start::<D>)
    }

    fn address(&self) -> Option<String> {
        Some(self.address.clone())
    }

    fn open_to_others(&self) -> Option<OpenTo> {
        self.connections.open_to_others()
    }
}

/// Tells whether the database undid the statement because of others: a serialization failure or a deadlock.
fn gave_way(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}
