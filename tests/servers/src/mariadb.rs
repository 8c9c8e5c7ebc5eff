//! A private MariaDB server: real, on a free port, gone with the test.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::port::free_port;
use crate::process::{Process, run};

/// A MariaDB server of the test's own.
pub struct MariaDb {
    port: u16,
    process: Process,
    folder: TempDir,
}

const INSTALL: &str = "apt-get install -y mariadb-server";

/// The user of the tests, who may do everything.
const START: &str = "CREATE USER IF NOT EXISTS flask@'127.0.0.1' IDENTIFIED BY 'pass/word';\nGRANT ALL ON *.* TO flask@'127.0.0.1' WITH GRANT OPTION;\n";

impl MariaDb {
    /// Starts a server and waits until it answers.
    pub fn start() -> MariaDb {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder"));
        let (data, sql) = (folder.path().join("data"), folder.path().join("start.sql"));
        fs::write(&sql, START).expect("a file in a temporary folder");
        let mut install = command("mariadb-install-db");
        // Servers that run side by side would give their temporary tables the same names.
        install.env("TMPDIR", folder.path());
        install.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        // A server that root starts runs as root only if it is told to.
        run(
            install.args(["--user=root", "--skip-test-db", "--auth-root-authentication-method=normal"]),
            INSTALL,
        );
        let process = launch(port, &folder);
        MariaDb { port, process, folder }
    }

    /// Lets the server stand still with all connections open.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Ends [`pause`](MariaDb::pause).
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server anew on its port, with its rows.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(self.port, &self.folder);
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database, in SQLAlchemy's spelling.
    pub fn url(&self, database: &str) -> String {
        format!("mysql+pymysql://flask:pass%2Fword@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns the result of a statement: a line per row, `|` between columns.
    pub fn query(&self, database: &str, statement: &str) -> String {
        run(&mut client(self.port, database, statement), INSTALL).replace('\t', "|")
    }
}

fn launch(port: u16, folder: &TempDir) -> Process {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut server = command("mariadbd");
    server.env("TMPDIR", folder.path());
    server.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
    server.arg(format!("--port={port}")).arg(format!("--datadir={}", path("data")));
    server.arg(format!("--socket={}", path("socket"))).arg(format!("--pid-file={}", path("pid")));
    server.arg(format!("--init-file={}", path("start.sql")));
    // What was acknowledged survives a kill, though not a power cut.
    server.args(["--innodb-flush-log-at-trx-commit=2", "--log-output=TABLE"]);
    let mut process = Process::start(server, INSTALL);
    process.wait_until("ready", |_| {
        client(port, "mysql", "SELECT 1").output().is_ok_and(|answer| answer.status.success())
    });
    process
}

fn client(port: u16, database: &str, statement: &str) -> Command {
    let mut client = Command::new("mariadb");
    client.args([
        "--no-defaults",
        "--protocol=tcp",
        "--host=127.0.0.1",
        "--user=flask",
        "--password=pass/word",
    ]);
    client.args(["--port", &port.to_string(), "--batch", "--skip-column-names", "-e", statement, database]);
    client
}

/// Debian keeps the server where only root looks for programs.
fn command(program: &str) -> Command {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    let mut command = Command::new(program);
    command.env("PATH", path);
    command
}
