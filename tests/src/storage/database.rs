//! Databases that a Rust and a Python application can share.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chrono::DateTime;
use tempfile::TempDir;

use crate::mariadb::MariaDb;
use crate::postgres::Postgres;
use crate::process::run;
use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};

/// An empty database of the test's own. Servers are shared by the tests that run at the same time.
pub enum Database {
    /// A file.
    Sqlite(TempDir),
    /// A database of a server, by name.
    Postgres(Arc<Postgres>, String),
    /// A database of a server, by name.
    MariaDb(Arc<MariaDb>, String),
}

/// Returns the result of a statement in a SQLite file: a line per row, `|` between columns. A refusal fails the test.
pub fn query_file(file: &Path, statement: &str) -> String {
    let mut command = Command::new("sqlite3");
    command.args(["-cmd", ".timeout 10000"]).arg(file).arg(statement);
    run(&mut command, "apt-get install -y sqlite3").trim_end().to_owned()
}

static POSTGRES: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
static MARIADB: Mutex<Weak<MariaDb>> = Mutex::new(Weak::new());
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// One of each kind.
    pub fn all() -> [Database; 3] {
        [Database::sqlite(), Database::postgres(), Database::mariadb()]
    }

    /// A file in a folder of its own.
    pub fn sqlite() -> Database {
        Database::Sqlite(TempDir::new().expect("a temporary folder"))
    }

    /// A database in PostgreSQL.
    pub fn postgres() -> Database {
        let (server, name) = (shared(&POSTGRES, Postgres::start), name());
        server.query("postgres", &format!("CREATE DATABASE {name}"));
        Database::Postgres(server, name)
    }

    /// A database in MariaDB.
    pub fn mariadb() -> Database {
        let (server, name) = (shared(&MARIADB, MariaDb::start), name());
        server.query("mysql", &format!("CREATE DATABASE {name}"));
        Database::MariaDb(server, name)
    }

    /// A database in a PostgreSQL that no other test uses.
    pub fn postgres_alone() -> Database {
        Database::Postgres(Arc::new(Postgres::start()), "postgres".to_owned())
    }

    /// A database in a MariaDB that no other test uses.
    pub fn mariadb_alone() -> Database {
        let (server, name) = (MariaDb::start(), name());
        server.query("mysql", &format!("CREATE DATABASE {name}"));
        Database::MariaDb(Arc::new(server), name)
    }

    /// The address, as SQLAlchemy and `session_sqlalchemy` take it.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(_) => format!("sqlite:///{}", self.file().display()),
            Database::Postgres(server, name) => server.url(name),
            Database::MariaDb(server, name) => server.url(name),
        }
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> PathBuf {
        match self {
            Database::Sqlite(folder) => folder.path().join("sessions.db"),
            _ => panic!("this database is in a server"),
        }
    }

    /// Returns the result of a statement: a line per row, `|` between columns. A refusal fails the test.
    pub fn query(&self, statement: &str) -> String {
        let answer = match self {
            Database::Sqlite(_) => return query_file(&self.file(), statement),
            Database::Postgres(server, name) => server.query(name, statement),
            Database::MariaDb(server, name) => server.query(name, statement),
        };
        answer.trim_end().to_owned()
    }

    fn keys_where(&self, condition: &str) -> Vec<String> {
        let keys =
            self.query(&format!("SELECT session_id FROM sessions WHERE {condition} ORDER BY session_id"));
        keys.lines().map(str::to_owned).collect()
    }

    fn data(&self, condition: &str) -> Option<Vec<u8>> {
        let hex = match self {
            Database::Postgres(..) => "encode(data, 'hex')",
            _ => "hex(data)",
        };
        let text = self.query(&format!("SELECT {hex} FROM sessions WHERE {condition}"));
        (!text.is_empty()).then(|| {
            let digits: Vec<char> = text.chars().collect();
            digits
                .chunks(2)
                .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
                .collect()
        })
    }

    fn has_table(&self) -> bool {
        let names = match self {
            Database::Sqlite(_) => "SELECT name FROM sqlite_master WHERE name = 'sessions'",
            Database::Postgres(..) => "SELECT tablename FROM pg_tables WHERE tablename = 'sessions'",
            Database::MariaDb(..) => "SHOW TABLES LIKE 'sessions'",
        };
        !self.query(names).is_empty()
    }
}

/// The server that other tests are using, or a new one. It ends with the last of them.
fn shared<S>(running: &'static Mutex<Weak<S>>, start: fn() -> S) -> Arc<S> {
    let mut running: MutexGuard<'_, _> = running.lock().unwrap_or_else(PoisonError::into_inner);
    running.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start());
        *running = Arc::downgrade(&server);
        server
    })
}

/// The condition on a row that it ends after `now`, in unix seconds.
fn ends_after(now: f64) -> String {
    let now = DateTime::from_timestamp_micros((now * 1e6) as i64).expect("a time that there is");
    format!("expiry > '{}'", now.naive_utc())
}

fn name() -> String {
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A SQLite file.
pub fn on_sqlite() -> Storage {
    Box::new(Database::sqlite())
}

/// A database in PostgreSQL.
pub fn on_postgresql() -> Storage {
    Box::new(Database::postgres())
}

/// A database in MariaDB.
pub fn on_mariadb() -> Storage {
    Box::new(Database::mariadb())
}

impl Fixture for Database {
    fn name(&self) -> &'static str {
        match self {
            Database::Sqlite(_) => "SQLite",
            Database::Postgres(..) => "PostgreSQL",
            Database::MariaDb(..) => "MariaDB",
        }
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("sqlalchemy", "session_sqlalchemy", self.url())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_SQL", self.url())
    }

    fn keys(&self) -> Vec<String> {
        if self.has_table() { self.keys_where("1 = 1") } else { Vec::new() }
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.data(&format!("session_id = '{key}'"))
    }

    fn spoil(&self, key: &str) {
        self.query(&format!("UPDATE sessions SET data = NULL WHERE session_id = '{key}'"));
    }

    fn clear(&self) {
        if self.has_table() {
            self.query("DELETE FROM sessions");
        }
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        self.keys_where(&ends_after(now))
    }

    fn living(&self, key: &str, now: f64) -> Option<Vec<u8>> {
        self.data(&format!("session_id = '{key}' AND {}", ends_after(now)))
    }

    fn ports(&self) -> Vec<u16> {
        match self {
            Database::Sqlite(_) => Vec::new(),
            Database::Postgres(server, _) => vec![server.port()],
            Database::MariaDb(server, _) => vec![server.port()],
        }
    }

    fn extends_by_a_write(&self) -> bool {
        true
    }

    fn check_integrity(&self) {
        if let Database::Sqlite(_) = self {
            assert_eq!(self.query("PRAGMA integrity_check"), "ok");
        }
    }

    fn kill(&mut self) {
        match self {
            Database::Sqlite(_) => panic!("SQLite has no server"),
            Database::Postgres(server, _) => alone(server).kill(),
            Database::MariaDb(server, _) => alone(server).kill(),
        }
    }

    fn restart(&mut self) {
        match self {
            Database::Sqlite(_) => panic!("SQLite has no server"),
            Database::Postgres(server, _) => alone(server).restart(),
            Database::MariaDb(server, _) => alone(server).restart(),
        }
    }
}

fn alone<S>(server: &mut Arc<S>) -> &mut S {
    Arc::get_mut(server).expect("a server of the test's own")
}
