//! Each page of code carries a store that passes the public suite.

use std::sync::{Arc, Mutex};

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use rocket_db_pools::sqlx::SqlitePool;
use rocket_db_pools::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use rocket_session_state::store::conformance::Suite;
use rocket_session_state::store::{SqlDialect, SqlStatements, SqlStore, SqlTable};
use session_pools::{DeadpoolPostgres, DieselPostgres, Rusqlite, SqlxSqlite};
use tempfile::tempdir;
use test_servers::postgres::Postgres;

async fn pass(pool: impl SqlStatements, dialect: SqlDialect) {
    Suite::new(SqlStore::over(pool, dialect, SqlTable::default())).run().await.unwrap();
}

fn url(server: &Postgres) -> String {
    format!("postgresql://flask@127.0.0.1:{}/postgres", server.port())
}

#[rocket::async_test]
async fn the_suite_passes_in_a_pool_of_sqlx_0_7() {
    let folder = tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("shop.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .create_if_missing(true);
    pass(SqlxSqlite(SqlitePool::connect_with(options).await.unwrap()), SqlDialect::Sqlite).await;
}

#[rocket::async_test]
async fn the_suite_passes_in_a_connection_of_rusqlite() {
    let folder = tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    pass(Rusqlite(Arc::new(Mutex::new(connection))), SqlDialect::Sqlite).await;
}

#[rocket::async_test]
async fn the_suite_passes_in_a_pool_of_deadpool_postgres() {
    let server = Postgres::start();
    let config = url(&server).parse().unwrap();
    let manager = deadpool_postgres::Manager::new(config, deadpool_postgres::tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(4).build().unwrap();
    pass(DeadpoolPostgres(pool), SqlDialect::Postgres).await;
}

#[rocket::async_test]
async fn the_suite_passes_in_a_pool_of_diesel_async() {
    let server = Postgres::start();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url(&server));
    let pool = deadpool::Pool::builder(manager).max_size(4).build().unwrap();
    pass(DieselPostgres(pool), SqlDialect::Postgres).await;
}
