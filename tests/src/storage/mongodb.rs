//! Sessions in a server that speaks MongoDB's protocol.

use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use rocket::tokio::runtime::{Builder, Runtime};

/// A server of the test's own, and a client that looks into it.
struct MongoDb {
    server: test_servers::mongodb::MongoDb,
    runtime: Runtime,
    sessions: Collection<Document>,
}

impl MongoDb {
    /// Starts a server and waits until it answers.
    fn start() -> MongoDb {
        let server = test_servers::mongodb::MongoDb::start();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let client = runtime.block_on(Client::with_uri_str(server.url())).expect("a client");
        let sessions = client.database("flask_session").collection("sessions");
        MongoDb { server, runtime, sessions }
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

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("mongodb", "session_mongodb", self.server.url())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_MONGODB", self.server.url())
    }

    fn keys(&self) -> Vec<String> {
        let ids = self.runtime.block_on(async { self.sessions.distinct("id", doc! {}).await });
        let ids = ids.expect("the documents");
        let mut keys: Vec<String> = ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        keys.sort();
        keys
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let found = self.runtime.block_on(async { self.sessions.find_one(doc! { "id": key }).await });
        found.expect("an answer")?.get_binary_generic("val").ok().cloned()
    }

    fn spoil(&self, key: &str) {
        let spoilt = self.runtime.block_on(async {
            self.sessions.update_one(doc! { "id": key }, doc! { "$set": { "val": 7 } }).await
        });
        assert_eq!(spoilt.expect("an answer").matched_count, 1);
    }

    fn clear(&self) {
        let deleted = self.runtime.block_on(async { self.sessions.delete_many(doc! {}).await });
        deleted.expect("an answer");
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let now = DateTime::from_millis((now * 1000.0) as i64);
        let alive = doc! { "expiration": { "$gt": now } };
        let ids = self.runtime.block_on(async { self.sessions.distinct("id", alive).await });
        let ids = ids.expect("the documents");
        ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.server.port()]
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
