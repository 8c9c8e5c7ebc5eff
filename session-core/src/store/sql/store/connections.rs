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

    /// A connection for a statement that reads.
    pub(super) async fn to_read(&self) -> sqlx::Result<Lease<'_, D>> {
        match self {
            Connections::Own(own) => own.lease(None).await,
            Connections::Shared(pool) => pool.acquire().await.map(|pooled| Lease(Some(Held::Pooled(pooled)))),
        }
    }

    /// A connection for a statement that writes.
    pub(super) async fn to_write(&self) -> sqlx::Result<Lease<'_, D>> {
        match self {
            Connections::Own(own) => own.lease(Some(permit(&own.writers).await?)).await,
            Connections::Shared(_) => self.to_read().await,
        }
    }

    /// One connection has failed: those that lie idle may be as dead.
    pub(super) fn leave_idle(&self) {
        if let Connections::Own(own) = self {
            own.idle().clear();
        }
    }
}

impl<D: Dialect> Own<D> {
    async fn lease<'a>(&'a self, writing: Option<SemaphorePermit<'a>>) -> sqlx::Result<Lease<'a, D>> {
        let place = permit(&self.places).await?;
        let connection = match self.newest_idle() {
            Some(connection) => connection,
            None => D::open(&self.options).await?,
        };
        Ok(Lease(Some(Held::Own(Box::new(Kept { own: self, connection, _place: place, _writing: writing })))))
    }

    /// The connection that was used last, so that those that are not needed grow old.
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

/// In turn, so that none waits for ever. The semaphores are never closed.
async fn permit(semaphore: &Semaphore) -> sqlx::Result<SemaphorePermit<'_>> {
    semaphore.acquire().await.map_err(|_| sqlx::Error::PoolClosed)
}

/// A connection in use. Unless it is [given back](Lease::give_back), it is closed: after an error, or when
/// the call was dropped, an answer may still be on its way.
pub(super) struct Lease<'a, D: Dialect>(Option<Held<'a, D>>);

enum Held<'a, D: Dialect> {
    Own(Box<Kept<'a, D>>),
    Pooled(PoolConnection<D>),
}

struct Kept<'a, D: Dialect> {
    own: &'a Own<D>,
    connection: D::Connection,
    _place: SemaphorePermit<'a>,
    _writing: Option<SemaphorePermit<'a>>,
}

impl<D: Dialect> Lease<'_, D> {
    /// The connection; none after it was given back.
    pub(super) fn connection(&mut self) -> sqlx::Result<&mut D::Connection> {
        match &mut self.0 {
            Some(Held::Own(kept)) => Ok(&mut kept.connection),
            Some(Held::Pooled(pooled)) => Ok(pooled),
            None => Err(sqlx::Error::PoolClosed),
        }
    }

    /// For the next call: this one's answer has come.
    pub(super) fn give_back(mut self) {
        // An application's pool takes its connection by itself, when it is dropped.
        if let Some(Held::Own(kept)) = self.0.take() {
            let Kept { own, connection, .. } = *kept;
            own.idle().push_back(Idle { connection, since: Instant::now() });
        }
    }
}

impl<D: Dialect> Drop for Lease<'_, D> {
    fn drop(&mut self) {
        if let Some(Held::Pooled(pooled)) = self.0.take() {
            drop(pooled.detach());
        }
    }
}
