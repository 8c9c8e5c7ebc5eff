//! SQLite: a file that several processes of one machine may use.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::SqlTable;
use super::dialect::{Dialect, Options, driven};
use super::statements::{BATCH, Words};

/// The number of attempts to open a file before it is reported as locked. Several that turn one into a file with a
/// write-ahead log at the same time are refused at once, without the busy timeout: each of them would wait for the
/// others for ever.
const OPENINGS: u32 = 100;

/// The pause between two attempts: the time that the one that is not refused needs.
const PAUSE: Duration = Duration::from_millis(5);

/// Makes the options with which a file is opened.
pub(super) fn options(file: &str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
}

impl Dialect for Sqlite {
    const CONNECTIONS: usize = 4;
    // The file has one writer at a time. Here they wait in turn; at its lock, the luckiest would win.
    const WRITERS: Option<usize> = Some(1);

    fn words(table: &SqlTable) -> Words {
        // In the table's schema by its own name; the table's is then understood.
        let index = table.beside("_expiry").quoted('"');
        let indexed = table.without_schema().quoted('"');
        let table = table.quoted('"');
        let create_table = format!(
            "BEGIN IMMEDIATE; \
             CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL, session_id VARCHAR(255), data BLOB, \
             expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id)); \
             CREATE INDEX IF NOT EXISTS {index} ON {indexed} (expiry); \
             COMMIT"
        );
        let purge = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expiry <= ? LIMIT {BATCH})"
        );
        Words {
            table,
            this: "session_id = ?",
            data: "CAST(data AS BLOB)",
            // Rows of others may have a `T` in the time. A shorter fraction compares well as it is.
            expiry: "replace(expiry, 'T', ' ')",
            end: "CAST(expiry AS TEXT)",
            time: "?",
            on_conflict: " ON CONFLICT (session_id) DO NOTHING",
            create_table,
            find_expired: None,
            purge,
        }
    }

    fn address(options: &Options<Self>) -> String {
        let file = options.get_filename();
        format!("SQLite file {}", std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display())
    }

    #[cfg(unix)]
    fn open_to_others(options: &Options<Self>) -> Option<crate::store::OpenTo> {
        crate::store::others::who_may_use_database(options.get_filename())
    }

    async fn open(options: &Options<Self>) -> sqlx::Result<Self::Connection> {
        create_file(options.get_filename())?;
        let mut attempt = 1;
        loop {
            match options.connect().await {
                Err(sqlx::Error::Database(error)) if is_locked(&*error) && attempt < OPENINGS => attempt += 1,
                opened => return opened,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    driven!(keys: 1);

    fn lacks_table(error: &dyn DatabaseError) -> bool {
        error.message().starts_with("no such table")
    }

    fn meaning(number: &str) -> Option<&'static str> {
        Some(match primary(number)? {
            BUSY | 6 => "another connection has held the file's lock for too long",
            8 => "the file is read-only",
            10 => "the disk failed",
            11 | 26 => "the file is damaged or no database",
            13 => "the disk is full",
            14 => "the file can't be opened",
            _ => return None,
        })
    }

    fn is_away(number: &str) -> bool {
        matches!(primary(number), Some(14 | 26))
    }
}

/// Another connection holds a lock.
const BUSY: u32 = 5;

fn is_locked(error: &dyn DatabaseError) -> bool {
    error.code().and_then(|code| primary(&code)) == Some(BUSY)
}

/// The last byte of an extended code says what went wrong, the others which kind of it.
fn primary(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Creates the file if it is missing, for its owner alone: who can read it can be anybody. SQLite gives the
/// files beside it the same rights.
fn create_file(file: &Path) -> std::io::Result<()> {
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    match new.open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(std::io::Error::new(
            ErrorKind::NotFound,
            format!("the folder of the file is missing: {error}"),
        )),
        opened => opened.map(drop),
    }
}
