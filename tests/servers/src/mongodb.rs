//! A private server that speaks MongoDB's protocol: on a free port, gone with the test.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::port::{answers, free_port};
use crate::process::Process;

/// A server of the test's own. What was acknowledged survives [`kill`](MongoDb::kill).
pub struct MongoDb {
    port: u16,
    process: Process,
    folder: TempDir,
}

impl MongoDb {
    /// Starts a server and waits until it answers.
    pub fn start() -> MongoDb {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder"));
        let process = launch(port, &folder);
        MongoDb { port, process, folder }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The address as `session_mongodb` takes it.
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server anew on its port, with what was acknowledged.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(self.port, &self.folder);
    }

    /// Lets the server stand still with all connections open.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Ends [`pause`](Self::pause).
    pub fn resume(&self) {
        self.process.resume();
    }
}

fn launch(port: u16, folder: &TempDir) -> Process {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv-mongodb/bin/secantusd-py");
    let mut command = Command::new(program);
    command.args(["--standalone", "--host", "127.0.0.1", "--log-level", "ERROR", "--sync-on-commit"]);
    command.args(["--port", &port.to_string()]).arg("--storage-path").arg(folder.path().join("data"));
    let mut process = Process::start(command, "scripts/install.sh");
    process.wait_until("ready", |_| answers(port));
    process
}
