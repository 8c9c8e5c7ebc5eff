//! A private server that speaks MongoDB's protocol: on a free port, gone with the test.

use std::path::Path;
use std::process::Command;

use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use rocket::tokio::runtime::{Builder, Runtime};
use tempfile::TempDir;

use crate::port;
use crate::process::Process;

/// A server of the test's own.
pub struct MongoDb {
    port: u16,
    runtime: Runtime,
    sessions: Collection<Document>,
    _process: Process,
    _folder: TempDir,
}

impl MongoDb {
    /// Starts a server and waits until it answers.
    pub fn start() -> MongoDb {
        let (port, folder) = (port::free(), TempDir::new().expect("a temporary folder"));
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv-mongodb/bin/secantusd-py");
        let mut command = Command::new(program);
        command.args(["--standalone", "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.arg("--storage-path").arg(folder.path().join("data"));
        let mut process = Process::start(command, "scripts/install.sh");
        process.wait_until("ready", |_| port::answers(port));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let client = runtime.block_on(Client::with_uri_str(address(port))).expect("a client");
        let sessions = client.database("flask_session").collection("sessions");
        MongoDb { port, runtime, sessions, _process: process, _folder: folder }
    }

    /// The address as `session_mongodb` takes it.
    pub fn url(&self) -> String {
        address(self.port)
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

fn address(port: u16) -> String {
    format!("mongodb://127.0.0.1:{port}")
}
