//! Connections to a database: our own, or an application's pool.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::dialect::{Dialect, Options};

/// The source of connections.
pub(super) enum Connections<D: Dialect> {
    Own(Box<Own<D>>),
    Shared(Pool<D>),
}

/// Connections of our own.
///
/// A [`Pool`] is not used for them: it asks the server whether a connection is alive after every use, which
/// is a round trip per statement, and when the server has restarted it hands out its dead connections one
/// after another.
pub(super) struct Own<D: Dialect> {
    options: Options<D>,
    idle: Mutex<VecDeque<Idle<D>>>,
    places: Semaphore,
    writers: Semaphore,
}

struct Idle<D: Database> {
    connection: D::Connection,
    since: Instant,
}

/// Shorter than what firewalls and servers grant a silent connection.
const IDLE: Duration = Duration::from_secs(60);

impl<D: Dialect> Connections<D> {
    pub(super) fn own(options: Options<D>) -> Self {
        Connections::Own(Box::new(Own {
            options,
            idle: Mutex::default(),
            places: Semaphore::new(D::CONNECTIONS),
            writers: Semaphore::new(D::WRITERS),
        }))
    }

    /// Returns the database's address without the login, for people.
    pub(super) fn address(&self) -> String {
        match self {
            Connections::Own(own) => D::address(&own.options),
            Connections::Shared(pool) => D::address(&pool.connect_options()),
        }
    }

    /// Does some work on a connection. If it fails or is dropped, the connection is closed: an answer may still be
    /// on its way.
    pub(super) async fn with<T>(
        &self,
        writes: bool,
        work: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        match self {
            Connections::Own(own) => own.with(writes, work).await,
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

    /// Closes the idle connections: after one has failed, they may be as dead.
    pub(super) fn leave_idle(&self) {
        if let Connections::Own(own) = self {
            own.idle().clear();
        }
    }
}

impl<D: Dialect> Own<D> {
    async fn with<T>(
        &self,
        writes: bool,
        work: impl AsyncFnOnce(&mut D::Connection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let _writing = if writes { Some(permit(&self.writers).await?) } else { None };
        let _place = permit(&self.places).await?;
        let mut connection = match self.newest_idle() {
            Some(connection) => connection,
            None => D::open(&self.options).await?,
        };
        let done = work(&mut connection).await?;
        self.idle().push_back(Idle { connection, since: Instant::now() });
        Ok(done)
    }

    /// Takes the connection that was used last, so that those that are not needed grow old.
    fn newest_idle(&self) -> Option<D::Connection> {
        let mut idle = self.idle();
        while idle.front().is_some_and(|oldest| oldest.since.elapsed() > IDLE) {
            idle.pop_front();
        }
        idle.pop_back().map(|idle| idle.connection)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle<D>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a turn, first come, first served. The semaphores are never closed.
async fn permit(semaphore: &Semaphore) -> sqlx::Result<SemaphorePermit<'_>> {
    semaphore.acquire().await.map_err(|_| sqlx::Error::PoolClosed)
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
