//! A private server that speaks MongoDB's protocol, for one test.

use std::ops::{Deref, DerefMut};

use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection};
use rocket_session_state_core::store::{MongoStore, Store};
use test_servers::mongodb::MongoDb;

use crate::calls::call;

/// A running server that belongs to one test; its documents survive that it is killed.
pub(crate) struct Server(MongoDb);

impl Server {
    pub(crate) fn start() -> Server {
        Server(MongoDb::start())
    }

    /// A store with its indexes.
    pub(crate) async fn store(&self) -> MongoStore {
        let admin = self.collection().await.client().database("admin");
        let status = admin.run_command(doc! { "serverStatus": 1 }).await.expect("its status");
        let pid = status.get("pid").and_then(|pid| pid.as_i64().or(pid.as_i32().map(i64::from)));
        assert_eq!(pid, Some(self.pid().into()), "another server answers");
        let store = self.new_store();
        store.ping(call()).await.expect("ping");
        store
    }

    pub(crate) fn new_store(&self) -> MongoStore {
        MongoStore::from_url(&self.url(), "flask_session", "sessions").expect("a URL")
    }

    /// The store's collection, by another client.
    pub(crate) async fn collection(&self) -> Collection<Document> {
        self.collection_with(|_| ()).await
    }

    pub(crate) async fn collection_with(
        &self,
        change: impl FnOnce(&mut ClientOptions),
    ) -> Collection<Document> {
        let mut options = ClientOptions::parse(self.url()).await.expect("a URL");
        change(&mut options);
        Client::with_options(options).expect("a client").database("flask_session").collection("sessions")
    }

    /// The document with this `id`.
    pub(crate) async fn document(&self, id: &str) -> Option<Document> {
        self.collection().await.find_one(doc! { "id": id }).await.expect("find")
    }
}

impl Deref for Server {
    type Target = MongoDb;

    fn deref(&self) -> &MongoDb {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut MongoDb {
        &mut self.0
    }
}
