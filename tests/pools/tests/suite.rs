//! Each page of code carries a store that passes the public suite.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use deadpool_redis::redis::cmd;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use rocket::futures::future::join;
use rocket::tokio::time::{Instant, sleep, timeout};
use rocket_db_pools::sqlx::SqlitePool;
use rocket_db_pools::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use rocket_session_state::store::conformance::{Ageing, Suite};
use rocket_session_state::store::{
    Call, New, RedisCommands, RedisReply, RedisStore, SqlDialect, SqlStatements, SqlStore, SqlTable, Store,
    StoreError, Swap, Watcher,
};
use session_pools::{DeadpoolPostgres, DeadpoolRedis, DieselPostgres, Rusqlite, SqlxSqlite};
use tempfile::tempdir;
use test_servers::postgres::Postgres;
use test_servers::redis::Redis;

async fn pass(pool: impl SqlStatements, dialect: SqlDialect) {
    Suite::new(SqlStore::over(pool, dialect, SqlTable::default())).run().await.unwrap();
}

fn call() -> Call {
    Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_secs(20) }
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

/// Loads a record from a table that is locked, and ends the connection meanwhile.
async fn break_off(server: &Postgres, pool: impl SqlStatements) {
    let store = SqlStore::over(pool, SqlDialect::Postgres, SqlTable::default());
    store.ping(call()).await.unwrap();
    let config = url(server).parse().unwrap();
    let manager = deadpool_postgres::Manager::new(config, deadpool_postgres::tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).build().unwrap();
    let (lock, other) = (pool.get().await.unwrap(), pool.get().await.unwrap());
    lock.batch_execute("BEGIN; LOCK TABLE sessions").await.unwrap();
    let terminate = async {
        let waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        while other.query(waiting, &[]).await.unwrap().is_empty() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let (loaded, ()) = join(store.load(call(), "key", None), terminate).await;
    let error = loaded.unwrap_err();
    assert!(error.is_outage(), "{error:?}");
}

#[rocket::async_test]
async fn a_connection_of_tokio_postgres_that_breaks_in_a_statement_is_an_outage() {
    let server = Postgres::start();
    let manager = deadpool_postgres::Manager::new(
        url(&server).parse().unwrap(),
        deadpool_postgres::tokio_postgres::NoTls,
    );
    let pool = deadpool_postgres::Pool::builder(manager).max_size(4).build().unwrap();
    break_off(&server, DeadpoolPostgres(pool)).await;
}

#[rocket::async_test]
async fn a_connection_of_diesel_async_that_breaks_in_a_statement_is_an_outage() {
    let server = Postgres::start();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url(&server));
    let pool = deadpool::Pool::builder(manager).max_size(4).build().unwrap();
    break_off(&server, DieselPostgres(pool)).await;
}

#[rocket::async_test]
async fn a_server_of_diesel_async_that_was_killed_is_an_outage() {
    let mut server = Postgres::start();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url(&server));
    let pool = deadpool::Pool::builder(manager).max_size(4).build().unwrap();
    let store = SqlStore::over(DieselPostgres(pool), SqlDialect::Postgres, SqlTable::default());
    store.ping(call()).await.unwrap();
    server.kill();
    let error = store.load(call(), "key", None).await.unwrap_err();
    assert!(error.is_outage(), "{error:?}");
}

#[rocket::async_test]
async fn a_row_that_rusqlite_cannot_read_is_not_an_outage() {
    let connection = Arc::new(Mutex::new(rusqlite::Connection::open_in_memory().unwrap()));
    let store = SqlStore::over(Rusqlite(Arc::clone(&connection)), SqlDialect::Sqlite, SqlTable::default());
    let new = Some(New { bytes: b"record", lifetime: Some(Duration::from_secs(60)) });
    store.ping(call()).await.unwrap();
    store.swap(call(), "key", None, new).await.unwrap();
    let no_text = "UPDATE sessions SET expiry = CAST(x'ff' AS TEXT)";
    connection.lock().unwrap().execute(no_text, []).unwrap();
    let error = store.load(call(), "key", None).await.unwrap_err();
    assert!(!error.is_outage() && !error.is_refusal(), "{error:?}");
}

/// A pool that loses replies.
struct Forgetful;

impl RedisCommands for Forgetful {
    async fn send(&self, _: Call, _: &[Vec<&[u8]>]) -> Result<Vec<RedisReply>, StoreError> {
        Ok(Vec::new())
    }
}

#[rocket::async_test]
async fn a_pool_of_redis_that_returns_too_few_replies_is_not_an_outage() {
    let error = RedisStore::over(Forgetful).load(call(), "key", None).await.unwrap_err();
    assert!(!error.is_outage() && !error.is_refusal(), "{error:?}");
}

/// Shortens lives at the server, whose clock can't be set.
struct Older(deadpool_redis::Pool);

const SHORTEN: &str = "local left = redis.call('PTTL', KEYS[1]) - ARGV[1] \
    return left > 0 and redis.call('PEXPIRE', KEYS[1], left) or redis.call('DEL', KEYS[1])";

impl Ageing for Older {
    async fn age(&self, key: &str, by: Duration) -> Result<(), StoreError> {
        let mut command = cmd("EVAL");
        command.arg(SHORTEN).arg(1).arg(key).arg(by.as_secs() * 1000);
        command.exec_async(&mut self.0.get().await.unwrap()).await.map_err(StoreError::unavailable)
    }
}

fn redis_pool(server: &Redis) -> deadpool_redis::Pool {
    let url = format!("redis://127.0.0.1:{}", server.port());
    deadpool_redis::Config::from_url(url).create_pool(Some(deadpool_redis::Runtime::Tokio1)).unwrap()
}

#[rocket::async_test]
async fn the_suite_passes_in_a_pool_of_deadpool_redis() {
    let server = Redis::start();
    let pool = redis_pool(&server);
    let store = RedisStore::over(DeadpoolRedis(pool.clone()));
    Suite::new(store).aged_by(Older(pool)).run().await.unwrap();
}

#[rocket::async_test]
async fn a_pool_of_redis_survives_a_restart_and_tells_an_outage_from_an_answer() {
    let mut server = Redis::start();
    let store = RedisStore::over(DeadpoolRedis(redis_pool(&server)));
    let new = Some(New { bytes: b"record", lifetime: Some(Duration::from_secs(60)) });
    store.ping(call()).await.unwrap();
    assert_eq!(store.swap(call(), "key", None, new).await.unwrap(), Swap::Done { version: None });
    server.kill();
    assert!(store.load(call(), "key", None).await.unwrap_err().is_outage());
    // It has forgotten the script, which is answered by an error that nobody sees.
    server.restart();
    let loaded = store.load(call(), "key", None).await.unwrap();
    assert_eq!(store.swap(call(), "key", loaded.as_ref(), new).await.unwrap(), Swap::Done { version: None });
    server.command(&["RPUSH", "list", "no record"]);
    assert!(store.load(call(), "list", None).await.unwrap_err().is_refusal());
}

#[rocket::async_test]
async fn a_removal_by_a_pool_of_redis_is_told_to_those_who_listen() {
    let server = Redis::start();
    let pool = RedisStore::over(DeadpoolRedis(redis_pool(&server)));
    let listener = RedisStore::from_url(&format!("redis://127.0.0.1:{}", server.port())).unwrap();
    let ((watcher, mut hints), began) = (Watcher::new(), Instant::now());
    listener.watch("key", watcher);
    // The first hint comes when it listens, since it may have missed one before.
    assert!(timeout(Duration::from_secs(20), hints.wait(began)).await.unwrap());
    let new = Some(New { bytes: b"record", lifetime: Some(Duration::from_secs(60)) });
    pool.swap(call(), "key", None, new).await.unwrap();
    let before = Instant::now();
    assert!(pool.delete(call(), "key").await.unwrap());
    assert!(timeout(Duration::from_secs(20), hints.wait(before)).await.unwrap());
}
