//! The connections to the servers: opened when needed, dropped when they fail.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use memcache::exp::{AsyncMetaClient, Error, Operation};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::item;
use super::memcached_error::is_broken_connection;
use super::rendezvous::RendezvousRouter;
use super::stats::ServerSettings;
use crate::store::reopening::Reopening;
use crate::store::{Call, StoreError};

/// Idle connections kept for each server: one request uses one at a time.
const IDLE_CONNECTIONS: usize = 64;

/// All connections; each call has one of them for itself.
pub(super) struct Pool {
    servers: Vec<String>,
    client: Reopening<Client>,
    item_limit: AtomicUsize,
}

/// The library's client, which holds the connections and what the servers' names stood for when it was made.
type Client = OnceCell<AsyncMetaClient>;

impl Pool {
    pub(super) fn new(servers: Vec<String>) -> Self {
        Pool { servers, client: Reopening::default(), item_limit: AtomicUsize::new(item::DEFAULT_LIMIT) }
    }

    pub(super) fn servers(&self) -> &[String] {
        &self.servers
    }

    /// The size of the items that every server can hold, in bytes.
    pub(super) fn item_limit(&self) -> usize {
        self.item_limit.load(Relaxed)
    }

    pub(super) async fn run<O: Operation>(&self, call: Call, operation: O) -> Result<O::Output, Error> {
        self.with_client(call, async |client| client.run(operation).await).await
    }

    pub(super) async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.with_client(call, async |client| client.noop().await).await.map_err(StoreError::of_driver)?;
        let mut limit = usize::MAX;
        for server in &self.servers {
            let settings = ServerSettings::read(server).await.map_err(StoreError::unavailable)?;
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
        work: impl AsyncFnOnce(&AsyncMetaClient) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let client = self.client.current();
        // Each call has a connection for itself: answers on others say nothing about this one, and after it
        // none of those that are idle is tried again.
        let watch = self.client.watch(&client, || Instant::now() >= call.deadline);
        let result = match client.get_or_try_init(|| self.open()).await {
            Ok(client) => work(client).await,
            Err(error) => Err(error),
        };
        watch.answered();
        if result.as_ref().is_err_and(is_broken_connection) {
            self.client.discard(&client);
        }
        result
    }

    async fn open(&self) -> Result<AsyncMetaClient, Error> {
        AsyncMetaClient::builder()
            .router(RendezvousRouter)
            .max_idle(IDLE_CONNECTIONS)
            .connect_timeout(None)
            .io_timeout(None)
            .connect_multiple_async(self.servers.iter().map(String::as_str))
            .await
    }
}
