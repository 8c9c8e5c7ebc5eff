//! SQLite: a file that several processes of one machine may use.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::{Driver, Options, driven};
use crate::store::sql::store::SqlDialect;
use crate::store::sql::store::dialect::is_locked;

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

impl Driver for Sqlite {
    const DIALECT: SqlDialect = SqlDialect::Sqlite;
    const CONNECTIONS: usize = 4;
    // The file has one writer at a time. Here they wait in turn; at its lock, the luckiest would win.
    const WRITERS: Option<usize> = Some(1);

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
                Err(sqlx::Error::Database(error))
                    if is_locked(&Self::number(&*error)) && attempt < OPENINGS =>
                {
                    attempt += 1
                }
                opened => return opened,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    driven!();
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
