//! The connections to the servers: opened when needed, dropped when they fail.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memcache::exp::{AsyncMetaClient, Operation};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::failure::Failure;
use super::item;
use super::placement::Placement;
use super::stats::Settings;
use crate::store::{Call, StoreError};

/// Idle connections kept for each server: one request uses one at a time.
const IDLE_CONNECTIONS: usize = 64;

/// All connections; each call has one of them for itself.
pub(super) struct Pool {
    servers: Vec<String>,
    current: Mutex<Arc<Client>>,
    item_limit: AtomicUsize,
}

/// The library's client, which holds the connections and what the servers' names stood for when it was made.
type Client = OnceCell<AsyncMetaClient>;

impl Pool {
    pub(super) fn new(servers: Vec<String>) -> Self {
        Pool { servers, current: Mutex::default(), item_limit: AtomicUsize::new(item::DEFAULT_LIMIT) }
    }

    pub(super) fn servers(&self) -> &[String] {
        &self.servers
    }

    /// The size of the items that every server can hold, in bytes.
    pub(super) fn item_limit(&self) -> usize {
        self.item_limit.load(Relaxed)
    }

    pub(super) async fn run<O: Operation>(&self, call: Call, operation: O) -> Result<O::Output, Failure> {
        self.with_client(call, async |client| client.run(operation).await).await
    }

    pub(super) async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.with_client(call, async |client| client.noop().await).await?;
        let mut limit = usize::MAX;
        for server in &self.servers {
            let settings = Settings::of(server).await?;
            if !settings.compares {
                return Err(StoreError::unavailable(
                    "memcached runs without compare-and-swap; start it without the option -C",
                ));
            }
            limit = limit.min(settings.item_limit.unwrap_or(item::DEFAULT_LIMIT));
        }
        self.item_limit.store(limit, Relaxed);
        Ok(())
    }

    async fn with_client<T>(
        &self,
        call: Call,
        work: impl AsyncFnOnce(&AsyncMetaClient) -> Result<T, memcache::exp::Error>,
    ) -> Result<T, Failure> {
        let client = Arc::clone(&self.current());
        let mut attempt = Attempt { pool: self, client: &client, call, answered: false };
        let result = match client.get_or_try_init(|| self.open()).await {
            Ok(client) => work(client).await,
            Err(error) => Err(error),
        };
        attempt.answered = true;
        result.map_err(|error| {
            let failure = Failure::from(error);
            if failure.is_broken_connection() {
                self.leave(&client);
            }
            failure
        })
    }

    async fn open(&self) -> Result<AsyncMetaClient, memcache::exp::Error> {
        AsyncMetaClient::builder()
            .router(Placement)
            .max_idle(IDLE_CONNECTIONS)
            .connect_timeout(None)
            .io_timeout(None)
            .connect_multiple_async(self.servers.iter().map(String::as_str))
            .await
    }

    fn current(&self) -> MutexGuard<'_, Arc<Client>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next call look up the servers' names and open connections anew.
    fn leave(&self, client: &Arc<Client>) {
        let mut current = self.current();
        if Arc::ptr_eq(&current, client) {
            *current = Arc::default();
        }
    }
}

/// A call that waits for its answer. If its deadline passes, the ways to the server may all be gone without a
/// sign (a proxy or a firewall can do that): none of them is tried again.
struct Attempt<'a> {
    pool: &'a Pool,
    client: &'a Arc<Client>,
    call: Call,
    answered: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.answered && Instant::now() >= self.call.deadline {
            self.pool.leave(self.client);
        }
    }
}
