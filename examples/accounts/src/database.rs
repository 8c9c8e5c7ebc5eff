//! The SQLite file that holds the users.

use crate::attempts::Attempts;
use crate::users::Users;
use log::error;
use rocket::fairing::{AdHoc, Fairing};
use rocket::http::Status;
use rocket::{Build, Rocket};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// The tables, made where they are missing.
///
/// `AUTOINCREMENT` gives no id twice: otherwise the session of a deleted user could become that of the next one.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        is_admin INTEGER NOT NULL,
        is_locked INTEGER NOT NULL DEFAULT FALSE
    ) STRICT;
    CREATE TABLE IF NOT EXISTS attempts (
        who TEXT NOT NULL PRIMARY KEY,
        paid_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS attempts_paid_until ON attempts (paid_until);
";

/// Opens the file that the key `database` names, and hands [`Users`] and [`Attempts`] to the application.
pub(crate) fn fairing() -> impl Fairing {
    AdHoc::try_on_ignite("Database", |rocket| async {
        match open(&rocket).await {
            Ok(pool) => Ok(rocket.manage(Users::new(pool.clone())).manage(Attempts::new(pool))),
            Err(error) => {
                error!("The database of the users does not open: {error}");
                Err(rocket)
            }
        }
    })
}

async fn open(rocket: &Rocket<Build>) -> Result<SqlitePool, Box<dyn Error>> {
    let file: PathBuf = rocket.figment().extract_inner("database")?;
    Ok(open_file(file).await?)
}

pub(crate) async fn open_file(file: PathBuf) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new().acquire_timeout(Duration::from_secs(5)).connect_with(options).await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    Ok(pool)
}

/// What a visitor gets while the database does not work: 503, which says nothing about anybody's account.
pub(crate) fn down(error: sqlx::Error) -> Status {
    error!("The database of the users failed: {error}");
    Status::ServiceUnavailable
}
