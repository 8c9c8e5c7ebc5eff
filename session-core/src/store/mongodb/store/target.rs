//! The collection of the sessions, and the driver's client for it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, ConnectionString, HostInfo};
use mongodb::{Client, Collection};
use tokio::sync::OnceCell;
use tokio::time::timeout_at;

use super::address;
use crate::store::client::wait::halfway;
use crate::store::quiet::LastAnswer;
use crate::store::reopening::Reopening;
use crate::store::{Call, StoreError};

/// Below the default deadline of a call, so that the reason is seen and not just that it took too long; above
/// the half second that the driver waits between two attempts to reach a server.
const SERVER_SELECTION: Duration = Duration::from_millis(800);

/// The age at which a connection that nobody uses is closed. The driver takes the one that was used last, so those that a
/// burst of requests has opened grow old unseen, while others answer; routers that translate addresses, and load
/// balancers, forget them without a word after some minutes.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// The number of calls in a row that were dropped without an answer, after which the client is replaced.
///
/// The driver opens two connections at a time and sets no limit to the greeting on them. If two greetings are lost
/// without a sign, while all else seems well, it opens none ever again: every call waits for its turn. More than
/// two, since a server that is merely slow answers in the end; each client that is left behind costs those two
/// connections until the network gives them up.
const GIVEN_UP: u32 = 5;

/// The collection of the documents, and the connections to it.
pub(super) struct Target {
    place: Place,
    last_answer: LastAnswer,
}

enum Place {
    /// A collection of the application's own.
    Given(Collection<Document>),
    /// One that is opened when it is first needed.
    Lazy(Box<LazyCollection>),
}

/// A collection that is not open yet. The driver's client starts tasks, which need a runtime.
struct LazyCollection {
    connection: ConnectionString,
    database: String,
    collection: String,
    slot: Reopening<Slot>,
}

#[derive(Default)]
struct Slot {
    collection: OnceCell<Collection<Document>>,
    /// The number of calls in a row that were dropped before they had an answer.
    given_up: AtomicU32,
}

impl Target {
    pub(super) fn given(collection: Collection<Document>) -> Self {
        Target { place: Place::Given(collection), last_answer: LastAnswer::default() }
    }

    pub(super) fn at_url(url: &str, database: &str, collection: &str) -> Result<Self, StoreError> {
        let connection = address::parse(url)
            .map_err(|objection| StoreError::misconfigured(format!("the URL {objection}")))?;
        let (database, collection) = (database.to_owned(), collection.to_owned());
        let slot = Reopening::default();
        let place = Place::Lazy(Box::new(LazyCollection { connection, database, collection, slot }));
        Ok(Target { place, last_answer: LastAnswer::default() })
    }

    /// Returns servers, database and collection without the login, for people.
    pub(super) fn address(&self) -> String {
        match &self.place {
            Place::Given(collection) => format!("MongoDB, collection {}", collection.namespace()),
            Place::Lazy(lazy) => {
                let LazyCollection { connection, database, collection, .. } = &**lazy;
                let servers = match &connection.host_info {
                    HostInfo::HostIdentifiers(servers) => {
                        servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                    }
                    HostInfo::DnsRecord(name) => name.clone(),
                    _ => "its servers".to_owned(),
                };
                format!("MongoDB at {servers}, collection {database}.{collection}")
            }
        }
    }

    pub(super) async fn collection(&self) -> Result<Collection<Document>, StoreError> {
        match &self.place {
            Place::Given(collection) => Ok(collection.clone()),
            Place::Lazy(lazy) => {
                let slot = lazy.slot.current();
                let collection = slot.collection.get_or_try_init(|| lazy.open()).await;
                collection.cloned().map_err(StoreError::of_driver)
            }
        }
    }

    /// Performs one call of the store, and counts it if it is dropped before its end.
    pub(super) async fn watch<T>(&self, call: Call, work: impl Future<Output = T>) -> T {
        if self.last_answer.is_long_ago() {
            self.look(call).await;
        }
        let result = self.counted(work).await;
        self.last_answer.note();
        result
    }

    /// Sends a command that may get lost, so that the driver notices if its connections have ended, and opens others.
    async fn look(&self, call: Call) {
        if let Ok(collection) = self.collection().await {
            let database = collection.client().database("admin");
            let ping = self.counted(async { database.run_command(doc! { "ping": 1 }).await });
            let _ = timeout_at(halfway(call.deadline), ping).await;
        }
    }

    async fn counted<T>(&self, work: impl Future<Output = T>) -> T {
        let Place::Lazy(lazy) = &self.place else { return work.await };
        let slot = lazy.slot.current();
        let watch =
            lazy.slot.watch(&slot, || slot.given_up.fetch_add(1, Relaxed).saturating_add(1) >= GIVEN_UP);
        let result = work.await;
        slot.given_up.store(0, Relaxed);
        watch.answered();
        result
    }
}

impl LazyCollection {
    async fn open(&self) -> mongodb::error::Result<Collection<Document>> {
        let client = Client::with_options(self.options().await?)?;
        Ok(client.database(&self.database).collection(&self.collection))
    }

    async fn options(&self) -> mongodb::error::Result<ClientOptions> {
        let mut options = ClientOptions::parse(self.connection.clone()).await?;
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION);
        options.max_idle_time.get_or_insert(MAX_IDLE);
        // Only the caller of the store knows what may be repeated.
        options.retry_reads = Some(false);
        options.retry_writes = Some(false);
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_idle_connection_is_closed_after_a_minute_unless_the_address_says_otherwise() {
        for (query, idle) in [("", 60_000), ("?maxIdleTimeMS=5000", 5_000), ("?maxIdleTimeMS=0", 0)] {
            let target = Target::at_url(&format!("mongodb://127.0.0.1/{query}"), "shop", "sessions").unwrap();
            let Place::Lazy(lazy) = &target.place else { panic!("not open yet") };
            let options = lazy.options().await.unwrap();
            assert_eq!(options.max_idle_time, Some(Duration::from_millis(idle)), "{query}");
        }
    }
}
