//! The collection that holds the sessions, and the driver's client that leads there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::Document;
use mongodb::options::{Acknowledgment, ClientOptions, ConnectionString};
use mongodb::{Client, Collection};
use tokio::sync::OnceCell;

use super::failure::Failure;
use crate::store::StoreError;

/// Below the default deadline of a call, so that the reason is seen and not just that it took too long; above
/// the half second that the driver waits between two attempts to reach a server.
const SERVER_SELECTION: Duration = Duration::from_millis(800);

/// So many calls in a row that nobody waited for any longer, and the client is given up.
///
/// The driver opens two connections at a time and sets no limit to the greeting on them. If two greetings are lost
/// without a sign, while all else seems well, it opens none ever again: every call waits for its turn. More than
/// two, since a server that is merely slow answers in the end; each client that is left behind costs those two
/// connections until the network gives them up.
const GIVEN_UP: u32 = 5;

/// Where the documents are.
pub(super) enum Place {
    /// In a collection of the application's own.
    Given(Collection<Document>),
    /// In a collection that is opened when it is first needed.
    At(Box<Way>),
}

/// What leads to a collection. The driver's client starts tasks, for which a runtime has to be there.
pub(super) struct Way {
    connection: ConnectionString,
    database: String,
    collection: String,
    client: Mutex<OpenClient>,
}

#[derive(Default)]
struct OpenClient {
    collection: Arc<OnceCell<Collection<Document>>>,
    /// Calls in a row that were given up.
    given_up: u32,
}

/// A call that has begun; dropped before its end, it was given up.
struct Running<'a> {
    way: &'a Way,
    ended: bool,
}

impl Place {
    pub(super) fn at_url(url: &str, database: &str, collection: &str) -> Result<Self, StoreError> {
        if url.starts_with("mongodb+srv:") && !cfg!(feature = "mongodb-srv") {
            return Err(StoreError::misconfigured("a mongodb+srv URL needs the feature `mongodb-srv`"));
        }
        let connection =
            ConnectionString::parse(url).map_err(|error| StoreError::misconfigured(Failure::from(error)))?;
        if let Some(objection) = objection(&connection) {
            return Err(StoreError::misconfigured(format!("the URL {objection}")));
        }
        let (database, collection) = (database.to_owned(), collection.to_owned());
        Ok(Place::At(Box::new(Way { connection, database, collection, client: Mutex::default() })))
    }

    /// Database and collection.
    pub(super) fn name(&self) -> String {
        match self {
            Place::Given(collection) => collection.namespace().to_string(),
            Place::At(way) => format!("{}.{}", way.database, way.collection),
        }
    }

    pub(super) async fn collection(&self) -> Result<Collection<Document>, Failure> {
        match self {
            Place::Given(collection) => Ok(collection.clone()),
            Place::At(way) => {
                let collection = way.current();
                Ok(collection.get_or_try_init(|| way.open()).await?.clone())
            }
        }
    }

    /// Performs one call of the store, and notes whether it was waited for.
    pub(super) async fn watch<T>(&self, call: impl Future<Output = T>) -> T {
        let Place::At(way) = self else { return call.await };
        let mut running = Running { way, ended: false };
        let result = call.await;
        running.ended = true;
        result
    }
}

/// Why a store can't be at such an address.
pub(super) fn objection(connection: &ConnectionString) -> Option<&'static str> {
    let unacknowledged = Some(Acknowledgment::Nodes(0));
    let concern = connection.write_concern.as_ref();
    concern
        .is_some_and(|concern| concern.w == unacknowledged)
        .then_some("says w=0, so that nobody would know what was written; remove that")
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut client = self.way.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.given_up = if self.ended { 0 } else { client.given_up.saturating_add(1) };
    }
}

impl Way {
    /// The collection of the client in use, or of another one if that answers nobody.
    fn current(&self) -> Arc<OnceCell<Collection<Document>>> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if client.given_up >= GIVEN_UP {
            *client = OpenClient::default();
        }
        Arc::clone(&client.collection)
    }

    async fn open(&self) -> mongodb::error::Result<Collection<Document>> {
        let mut options = ClientOptions::parse(self.connection.clone()).await?;
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION);
        // Who calls the store knows what may be repeated.
        options.retry_reads = Some(false);
        options.retry_writes = Some(false);
        Ok(Client::with_options(options)?.database(&self.database).collection(&self.collection))
    }
}
