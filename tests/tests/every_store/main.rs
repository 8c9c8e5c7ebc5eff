//! The cost and the endurance of each store, and tests of the SQL store alone; conformance of the others is tested in
//! `session-core/tests/stores`.
mod conformance;
mod cookies;
mod crash;
mod faults;
mod folder;
mod lifetimes;
mod lists;
mod round_trips;
mod rows;
mod starting;

use std::path::Path;
use std::time::{Duration, SystemTime};

use rocket::tokio::runtime::{Builder, Runtime};
use rocket::tokio::time::Instant;
use rocket_session_state::store::{Call, Loaded, New, SqlStore, SqlTable, Store};
use session_tests::app::Launch;
use session_tests::storage::Database;

/// Several threads, so that races are real.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

fn store(database: &Database) -> SqlStore {
    SqlStore::from_url(&database.url(), SqlTable::default()).unwrap()
}

/// A call so many microseconds after 2024-01-02 03:04:05 UTC.
fn at(micros: u64) -> Call {
    let now = SystemTime::UNIX_EPOCH + Duration::from_micros(1_704_164_645_000_000 + micros);
    Call { now, deadline: Instant::now() + Duration::from_secs(10) }
}

fn for_an_hour(bytes: &[u8]) -> Option<New<'_>> {
    Some(New { bytes, lifetime: Some(Duration::from_secs(3600)) })
}

async fn stored(store: &SqlStore, call: Call, key: &str) -> Option<Loaded> {
    store.load(call, key, None).await.unwrap()
}

/// The probe with its sessions there.
fn probe(toml: &str) -> Launch {
    launch(env!("CARGO_BIN_EXE_probe"), toml)
}

/// The probe with users, whose sessions are in lists.
fn probe_users(toml: &str) -> Launch {
    launch(env!("CARGO_BIN_EXE_probe-users"), toml)
}

fn launch(program: impl AsRef<Path>, toml: &str) -> Launch {
    Launch::new(program).toml(&format!(
        "[default]\nsession_cookie_samesite = false\nsession_store_timeout = 20\nsession_request_timeout = 60\n{toml}"
    ))
}
