//! The collection that holds the sessions, and the driver's client that leads there.

use std::time::Duration;

use mongodb::bson::Document;
use mongodb::options::{Acknowledgment, ClientOptions, ConnectionString, WriteConcern};
use mongodb::{Client, Collection};
use tokio::sync::OnceCell;

use super::failure::Failure;
use crate::store::StoreError;

/// Below the default deadline of a call, so that the reason is seen and not just that it took too long; above
/// the half second that the driver waits between two attempts to reach a server.
const SERVER_SELECTION: Duration = Duration::from_millis(800);

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
    opened: OnceCell<Collection<Document>>,
}

impl Place {
    pub(super) fn at_url(url: &str, database: &str, collection: &str) -> Result<Self, StoreError> {
        if url.starts_with("mongodb+srv:") && !cfg!(feature = "mongodb-srv") {
            return Err(StoreError::misconfigured("a mongodb+srv URL needs the feature `mongodb-srv`"));
        }
        let connection =
            ConnectionString::parse(url).map_err(|error| StoreError::misconfigured(Failure::from(error)))?;
        if matches!(connection.write_concern, Some(WriteConcern { w: Some(Acknowledgment::Nodes(0)), .. })) {
            return Err(StoreError::misconfigured("w=0 in the URL: nobody would know what was written"));
        }
        let (database, collection) = (database.to_owned(), collection.to_owned());
        Ok(Place::At(Box::new(Way { connection, database, collection, opened: OnceCell::new() })))
    }

    /// Database and collection.
    pub(super) fn name(&self) -> String {
        match self {
            Place::Given(collection) => collection.namespace().to_string(),
            Place::At(way) => format!("{}.{}", way.database, way.collection),
        }
    }

    pub(super) async fn collection(&self) -> Result<&Collection<Document>, Failure> {
        match self {
            Place::Given(collection) => Ok(collection),
            Place::At(way) => Ok(way.opened.get_or_try_init(|| way.open()).await?),
        }
    }
}

impl Way {
    async fn open(&self) -> mongodb::error::Result<Collection<Document>> {
        let mut options = ClientOptions::parse(self.connection.clone()).await?;
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION);
        // Who calls the store knows what may be repeated.
        options.retry_reads = Some(false);
        options.retry_writes = Some(false);
        Ok(Client::with_options(options)?.database(&self.database).collection(&self.collection))
    }
}
