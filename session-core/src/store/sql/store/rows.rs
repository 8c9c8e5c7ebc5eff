//! Records as rows of a table: the store's calls as statements, the same for every kind of database.

use std::iter::repeat;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::dialect::Rules;
use super::texts::{BATCH, Texts};
use super::{SqlDialect, SqlError, SqlRow, SqlStatements, SqlTable, SqlValue, timestamp};
use crate::store::{Call, Loaded, New, OpenTo, Store, StoreError, Swap};

use SqlValue::{Bytes, Integer, Text};

/// The rows of a table.
pub(super) struct RowStore<S> {
    statements: S,
    texts: Texts,
    rules: &'static Rules,
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

impl<S: SqlStatements> RowStore<S> {
    pub(super) fn new(statements: S, dialect: SqlDialect, table: &SqlTable) -> Self {
        let place = statements.address().unwrap_or_else(|| format!("{dialect}, a pool of the application's"));
        let rules = dialect.rules();
        RowStore {
            texts: Texts::new(rules, table),
            statements,
            rules,
            ready: OnceCell::new(),
            address: format!("{place}, table {table}"),
        }
    }

    /// Makes sure, once, that the table is there.
    async fn prepare(&self, call: Call) -> Result<(), StoreError> {
        let prepare = || async {
            let missing = match self.probe(call).await {
                Err(error) if self.may_lack_table(&error) => error,
                other => return other,
            };
            let Err(refused) = self.create_table(call).await else { return self.probe(call).await };
            // Another process may have been faster, which databases answer with all kinds of errors.
            match self.probe(call).await {
                Err(error) if error.text() == missing.text() => Err(refused.after(&missing)),
                other => other,
            }
        };
        self.ready.get_or_try_init(prepare).await.map_err(|error| error.at_launch(self.rules)).copied()
    }

    /// Tells whether the table is missing. A driver that tells no code leaves that to a try.
    fn may_lack_table(&self, error: &SqlError) -> bool {
        let (Some(code), Some(text)) = (error.code(), error.text()) else { return false };
        code.is_empty() || (self.rules.lacks_table)(code, text)
    }

    async fn probe(&self, call: Call) -> Result<(), SqlError> {
        self.statements.fetch(call, &self.texts.probe, &[]).await.map(drop)
    }

    async fn create_table(&self, call: Call) -> Result<(), SqlError> {
        for statement in &self.texts.create_table {
            self.statements.execute(call, statement, &[]).await?;
        }
        Ok(())
    }

    /// Returns the values of a statement that looks for the row of a key, with those before and behind the key.
    fn values<'v>(
        &self,
        before: &[SqlValue<'v>],
        key: &'v str,
        behind: &[SqlValue<'v>],
    ) -> Vec<SqlValue<'v>> {
        let keys = std::iter::repeat_n(Text(key), self.rules.keys);
        before.iter().copied().chain(keys).chain(behind.iter().copied()).collect()
    }

    /// Reads the living record under `key`.
    async fn read(&self, call: Call, key: &str, now: &str) -> Result<Option<Loaded>, StoreError> {
        self.prepare(call).await?;
        let values = self.values(&[], key, &[Text(now)]);
        let rows = self.statements.fetch(call, &self.texts.load, &values).await;
        match rows.map_err(|error| self.failed(error))?.pop() {
            Some(SqlRow { data: Some(data), text }) => {
                let loaded = Loaded::new(data);
                // A moment in a form that is not ours is one that nobody here knows.
                Ok(Some(match text.as_deref().and_then(timestamp::moment) {
                    Some(end) => loaded.expiring(end),
                    None => loaded,
                }))
            }
            Some(SqlRow { data: None, .. }) => Err(StoreError::invalid_response("data in the session's row")),
            None => Ok(None),
        }
    }

    /// Runs a statement and returns how many rows it changed.
    async fn change(
        &self,
        call: Call,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<u64, StoreError> {
        self.changed(call, statement, values).await.map_err(|error| self.failed(error))
    }

    async fn changed(
        &self,
        call: Call,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<u64, SqlError> {
        let mut attempt = 1;
        loop {
            match self.statements.execute(call, statement, values).await {
                // The database says that nothing has happened, so trying again repeats nothing.
                Err(error) if error.code().is_some_and(self.rules.gave_way) && attempt < ATTEMPTS => {
                    attempt += 1
                }
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
        let inserted = match self.changed(call, &self.texts.insert, &values).await {
            Err(error) if error.code().is_some_and(self.rules.is_duplicate) => 0,
            other => other.map_err(|error| self.failed(error))?,
        };
        if inserted > 0 {
            return Ok(true);
        }
        let values = self.values(&[Bytes(data), Text(expiry)], key, &[Text(now)]);
        Ok(self.change(call, &self.texts.take_over, &values).await? > 0)
    }

    /// Deletes some of the rows that have expired.
    async fn purge_batch(&self, call: Call, now: &str) -> Result<Batch, StoreError> {
        let Some(find_expired) = &self.texts.find_expired else {
            let removed = self.change(call, &self.texts.purge, &[Text(now)]).await?;
            return Ok(Batch { removed, is_last: removed < BATCH as u64 });
        };
        let rows = self.statements.fetch(call, find_expired, &[Text(now)]).await;
        let rows = rows.map_err(|error| self.failed(error))?;
        let ids: Option<Vec<i64>> = rows.iter().map(|row| row.text.as_deref()?.parse().ok()).collect();
        let ids = ids.ok_or_else(|| StoreError::invalid_response("ids of rows as text"))?;
        let Some(last) = ids.last() else { return Ok(Batch { removed: 0, is_last: true }) };
        // The statement is made known to the server once, for so many ids: one of them fills the gaps.
        let listed = ids.iter().chain(repeat(last)).take(BATCH).map(|id| Integer(*id));
        let values: Vec<SqlValue<'_>> = listed.chain([Text(now)]).collect();
        let removed = self.change(call, &self.texts.purge, &values).await?;
        Ok(Batch { removed, is_last: ids.len() < BATCH })
    }

    fn failed(&self, error: SqlError) -> StoreError {
        error.in_statement(self.rules)
    }
}

impl<S: SqlStatements> Store for RowStore<S> {
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
        let values = self.values(&[Text(&expiry)], key, &[Text(&now)]);
        let extended = self.change(call, &self.texts.extend, &values).await?;
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
        if let (Some(new), Some(limit)) = (new, self.rules.largest)
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
                        let values = self.values(&[new, Text(expiry)], key, &[expected, Text(&now)]);
                        self.change(call, &self.texts.replace, &values).await?
                    }
                    None => {
                        let values = self.values(&[new], key, &[expected, Text(&now)]);
                        self.change(call, &self.texts.replace_only, &values).await?
                    }
                };
                replaced > 0
            }
            (Some(expected), None) => {
                let values = self.values(&[], key, &[Bytes(&expected.bytes), Text(&now)]);
                self.change(call, &self.texts.remove, &values).await? > 0
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
        let values = self.values(&[], key, &[Text(&now)]);
        let deleted = self.change(call, &self.texts.delete_living, &values).await? > 0;
        if !deleted {
            self.change(call, &self.texts.delete_any, &self.values(&[], key, &[])).await?;
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
        self.probe(call).await.map_err(|error| error.at_launch(self.rules))
    }

    fn address(&self) -> Option<String> {
        Some(self.address.clone())
    }

    fn open_to_others(&self) -> Option<OpenTo> {
        self.statements.open_to_others()
    }
}
