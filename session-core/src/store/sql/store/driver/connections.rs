//! Connections to a database: our own, or an application's pool.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Database, Pool};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::driver_error::of_statement;
use super::places::{Places, permit};
use super::{Driver, Options};
use crate::store::client::wait::halfway;
use crate::store::quiet::QUIET;
use crate::store::sql::store::{SqlError, SqlRow, SqlStatements, SqlValue};
use crate::store::{Call, OpenTo};

/// The source of connections.
pub(in crate::store::sql::store) enum Connections<D: Driver> {
    Own(Box<Own<D>>),
    Shared(Pool<D>),
}

/// Connections of our own.
///
/// A [`Pool`] is not used for them: it asks the server whether a connection is alive after every use, which
/// is a round trip per statement, and when the server has restarted it hands out its dead connections one
/// after another.
pub(in crate::store::sql::store) struct Own<D: Driver> {
    options: Options<D>,
    idle: Mutex<VecDeque<Idle<D>>>,
    places: Places,
    /// The right to write, where a database has fewer writers than connections.
    writers: Option<Semaphore>,
}

struct Idle<D: Database> {
    connection: D::Connection,
    since: Instant,
}

/// Shorter than what firewalls and servers grant a silent connection.
const IDLE: Duration = Duration::from_secs(60);

impl<D: Driver> Connections<D> {
    /// At most so many connections, or as many as are usual for such a database.
    pub(super) fn own(options: Options<D>, most: Option<usize>) -> Self {
        let places = Places::new(D::address(&options), most.unwrap_or(D::CONNECTIONS));
        let writers = D::WRITERS.map(Semaphore::new);
        Connections::Own(Box::new(Own { options, idle: Mutex::default(), places, writers }))
    }

    /// Does some work on a connection. If it fails or is dropped, the connection is closed: an answer may still be
    /// on its way.
    async fn with<T>(
        &self,
        call: Call,
        writes: bool,
        work: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        match self {
            Connections::Own(own) => own.with(call, writes, work).await,
            Connections::Shared(pool) => {
                let mut pooled = Pooled(Some(pool.acquire().await?));
                let connection: &mut D::Connection = pooled.0.as_mut().ok_or(sqlx::Error::PoolClosed)?;
                let done = work(connection).await?;
                // Dropped as it is, it goes back to the pool.
                pooled.0 = None;
                Ok(done)
            }
        }
    }

    /// Returns the error of a statement. The idle connections are closed: after one has failed, they may be as dead. Where
    /// the database has answered about a row, they are not.
    fn failed(&self, error: sqlx::Error) -> SqlError {
        let error = of_statement::<D>(error);
        let rules = D::DIALECT.rules();
        let is_about_row =
            error.code().is_some_and(|code| (rules.is_duplicate)(code) || (rules.gave_way)(code));
        if let (Connections::Own(own), false) = (self, is_about_row) {
            own.idle().clear();
        }
        error
    }
}

impl<D: Driver> SqlStatements for Connections<D> {
    async fn fetch(
        &self,
        call: Call,
        query: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<Vec<SqlRow>, SqlError> {
        let fetch = async |connection: &mut _| D::fetch(connection, query, values).await;
        self.with(call, false, fetch).await.map_err(|error| self.failed(error))
    }

    async fn execute(
        &self,
        call: Call,
        statement: &Arc<str>,
        values: &[SqlValue<'_>],
    ) -> Result<u64, SqlError> {
        let execute = async |connection: &mut _| D::execute(connection, statement, values).await;
        self.with(call, true, execute).await.map_err(|error| self.failed(error))
    }

    fn address(&self) -> Option<String> {
        Some(match self {
            Connections::Own(own) => D::address(&own.options),
            Connections::Shared(pool) => D::address(&pool.connect_options()),
        })
    }

    fn open_to_others(&self) -> Option<OpenTo> {
        match self {
            Connections::Own(own) => D::open_to_others(&own.options),
            Connections::Shared(pool) => D::open_to_others(&pool.connect_options()),
        }
    }
}

impl<D: Driver> Own<D> {
    async fn with<T>(
        &self,
        call: Call,
        writes: bool,
        work: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let _writing = match self.writers.as_ref().filter(|_| writes) {
            Some(writers) => Some(permit(writers).await?),
            None => None,
        };
        let (mut connection, _place) = self.connection(call).await?;
        let done = work(&mut connection).await?;
        self.idle().push_back(Idle { connection, since: Instant::now() });
        Ok(done)
    }

    /// Takes an idle connection, or opens one. Where the server has none left, this waits for one of our own.
    async fn connection(&self, call: Call) -> sqlx::Result<(D::Connection, SemaphorePermit<'_>)> {
        let mut place = self.places.take().await?;
        loop {
            if let Some(connection) = self.living_idle(call).await {
                return Ok((connection, place));
            }
            match D::open(&self.options).await {
                Err(sqlx::Error::Database(error)) if (D::DIALECT.rules().is_full)(&D::number(&*error)) => {
                    place =
                        self.places.wait(place, call.deadline).await?.ok_or(sqlx::Error::Database(error))?;
                }
                opened => return opened.map(|connection| (connection, place)),
            }
        }
    }

    /// Takes an idle connection that is not known to have ended.
    async fn living_idle(&self, call: Call) -> Option<D::Connection> {
        while let Some(Idle { mut connection, since }) = self.newest_idle() {
            if since.elapsed() < QUIET {
                return Some(connection);
            }
            match timeout_at(halfway(call.deadline), connection.ping()).await {
                Ok(Ok(())) => return Some(connection),
                // The others may be as dead.
                _ => self.idle().clear(),
            }
        }
        None
    }

    /// Takes the connection that was used last, so that those that are not needed grow old.
    fn newest_idle(&self) -> Option<Idle<D>> {
        let mut idle = self.idle();
        while idle.front().is_some_and(|oldest| oldest.since.elapsed() > IDLE) {
            idle.pop_front();
        }
        idle.pop_back()
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle<D>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of an application's pool, which is closed if it is still here at the end.
struct Pooled<D: Database>(Option<PoolConnection<D>>);

impl<D: Database> Drop for Pooled<D> {
    fn drop(&mut self) {
        if let Some(pooled) = self.0.take() {
            drop(pooled.detach());
        }
    }
}
