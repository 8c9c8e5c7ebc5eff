//! The connections to the servers: opened when needed, dropped when they fail.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use memcache::exp::{AsyncMetaClient, Error, Operation};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::item;
use super::memcached_error::is_broken_connection;
use super::rendezvous::RendezvousRouter;
use super::stats::ServerSettings;
use crate::store::error::Told;
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

    /// Asks every server. If some of them answer, the store is there, and those that don't fail their own sessions.
    pub(super) async fn ping(&self, call: Call) -> Result<(), StoreError> {
        // Leaves time to tell that some have answered.
        let now = Instant::now();
        let deadline = now + call.deadline.saturating_duration_since(now).mul_f64(0.8);
        let mut asked = JoinSet::new();
        for server in self.servers.clone() {
            asked.spawn(async move {
                let answer = timeout_at(deadline, ServerSettings::read(&server)).await;
                answer.unwrap_or_else(|late| Err(late.into())).map_err(|error| unanswered(&server, error))
            });
        }
        let (mut limit, mut answers, mut failure) = (usize::MAX, 0, None);
        while let Some(answer) = asked.join_next().await {
            match answer.map_err(StoreError::refused)? {
                Ok(settings) if settings.compares => {
                    answers += 1;
                    limit = limit.min(settings.item_limit.unwrap_or(item::DEFAULT_LIMIT));
                }
                Ok(_) => {
                    return Err(StoreError::refused(
                        "memcached runs without compare-and-swap; start it without the option -C",
                    ));
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if answers > 0 => return Err(StoreError::refused(error)),
            Some(error) => return Err(StoreError::unavailable(error)),
            None => {}
        }
        self.item_limit.store(limit, Relaxed);
        self.with_client(call, async |client| client.noop().await).await.map_err(|error| self.failed(error))
    }

    /// Makes the error of a call. Of several servers that are the store, one that can't be reached is not the store.
    pub(super) fn failed(&self, error: Error) -> StoreError {
        let one_of_several = self.servers.len() > 1 && is_broken_connection(&error);
        let error = StoreError::of_driver(error);
        if one_of_several { StoreError::refused(error) } else { error }
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

/// Names the server that has not answered, of which there may be several.
fn unanswered(server: &str, error: std::io::Error) -> Told {
    Told { text: format!("memcached at {server} does not answer"), source: error.into() }
}
