//! A private PostgreSQL server: real, on a free port, gone with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::port::free_port;
use crate::process::{Process, Signal, run};

/// A PostgreSQL server of the test's own.
pub struct Postgres {
    port: u16,
    process: Process,
    data: PathBuf,
    _folder: TempDir,
}

const INSTALL: &str = "apt-get install -y postgresql";

impl Postgres {
    /// Starts a server and waits until it answers.
    pub fn start() -> Postgres {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder"));
        if is_root() {
            let chown = Command::new("chown").arg("postgres").arg(folder.path()).status();
            assert!(chown.is_ok_and(|status| status.success()), "no user postgres; {INSTALL}");
        }
        let data = folder.path().join("data");
        let mut initdb = command("initdb");
        initdb.arg("--pgdata").arg(&data).args(["--username", "flask", "--auth", "trust"]);
        run(initdb.args(["--encoding", "UTF8", "--no-locale", "--no-sync"]), INSTALL);
        let process = launch(port, &data);
        Postgres { port, process, data, _folder: folder }
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        // SIGKILL would end one process of many; this is the signal on which all of them drop everything.
        self.process.signal(Signal::Quit);
        self.process.wait();
    }

    /// Starts the server anew on its port, with its rows, after [`kill`](Postgres::kill).
    pub fn restart(&mut self) {
        self.process = launch(self.port, &self.data);
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database, in SQLAlchemy's spelling.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql+psycopg2://flask@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns the result of a statement: a line per row, `|` between columns.
    pub fn query(&self, database: &str, statement: &str) -> String {
        run(&mut client(self.port, database, statement), INSTALL)
    }
}

fn launch(port: u16, data: &Path) -> Process {
    let mut server = command("postgres");
    server.arg("-D").arg(data).args(["-p", &port.to_string()]);
    for setting in ["listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=16MB"] {
        server.args(["-c", setting]);
    }
    server.arg("-c").arg(format!("unix_socket_directories={}", data.display()));
    let mut process = Process::start(server, INSTALL);
    process.wait_until("ready", |_| {
        client(port, "postgres", "SELECT 1").output().is_ok_and(|answer| answer.status.success())
    });
    process
}

fn client(port: u16, database: &str, statement: &str) -> Command {
    let mut client = Command::new("psql");
    client.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "flask", "-d", database]);
    client.args([
        "--no-psqlrc",
        "--quiet",
        "--no-align",
        "--tuples-only",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        statement,
    ]);
    client
}

/// A program of the server, which refuses to run as root.
fn command(program: &str) -> Command {
    let program = programs().join(program);
    if !is_root() {
        return Command::new(program);
    }
    // It becomes the program, so that the process that is killed is the server.
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    // The user postgres may not be allowed to look into the test's folder.
    command.current_dir("/");
    command
}

/// Debian keeps them, by version, where nobody looks for programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    newest.unwrap_or_else(|| Path::new("").to_owned())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
