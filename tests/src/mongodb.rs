//! A private server that speaks MongoDB's protocol, with a client for the test.

use std::ops::{Deref, DerefMut};

use crate::storage::{Fixture, Storage, at, flask_session_at};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use rocket::tokio::runtime::{Builder, Runtime};

/// A server of the test's own, and a client that looks into it.
pub struct MongoDb {
    server: test_servers::mongodb::MongoDb,
    runtime: Runtime,
    sessions: Collection<Document>,
}

impl MongoDb {
    /// Starts a server and waits until it answers.
    pub fn start() -> MongoDb {
        let server = test_servers::mongodb::MongoDb::start();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let client = runtime.block_on(Client::with_uri_str(server.url())).expect("a client");
        let sessions = client.database("flask_session").collection("sessions");
        MongoDb { server, runtime, sessions }
    }

    /// All store ids, in order.
    pub fn keys(&self) -> Vec<String> {
        let ids = self.runtime.block_on(async { self.sessions.distinct("id", doc! {}).await });
        let ids = ids.expect("the documents");
        let mut keys: Vec<String> = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        keys.sort();
        keys
    }

    /// The `val` of the document under `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let found = self.runtime.block_on(async { self.sessions.find_one(doc! { "id": key }).await });
        found.expect("an answer")?.get_binary_generic("val").ok().cloned()
    }

    /// Forgets all records.
    pub fn clear(&self) {
        let deleted = self.runtime.block_on(async { self.sessions.delete_many(doc! {}).await });
        deleted.expect("an answer");
    }
}

impl Deref for MongoDb {
    type Target = test_servers::mongodb::MongoDb;

    fn deref(&self) -> &test_servers::mongodb::MongoDb {
        &self.server
    }
}

impl DerefMut for MongoDb {
    fn deref_mut(&mut self) -> &mut test_servers::mongodb::MongoDb {
        &mut self.server
    }
}

/// A MongoDB.
pub fn on_mongodb() -> Storage {
    Box::new(MongoDb::start())
}

impl Fixture for MongoDb {
    fn name(&self) -> &'static str {
        "MongoDB"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        at("mongodb", "session_mongodb", self.url())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_MONGODB", self.url())
    }

    fn keys(&self) -> Vec<String> {
        MongoDb::keys(self)
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        MongoDb::get(self, key)
    }

    fn clear(&self) {
        MongoDb::clear(self);
    }

    fn port(&self) -> Option<u16> {
        Some(self.server.port())
    }

    fn keeps_real_time(&self) -> bool {
        true
    }

    fn kill(&mut self) {
        self.server.kill();
    }

    fn restart(&mut self) {
        self.server.restart();
    }
}
