//! A memory store that holds many sessions.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{Call, MemoryStore, New, Store};

use crate::batch::{Kept, begin, kept};
use crate::case::Case;
use crate::{Result, mark, skip};

/// Puts so many sessions into a memory store and opens some of them.
pub(crate) async fn run(sessions: usize, times: usize) -> Result<()> {
    let now = SystemTime::now();
    let manager = filled(sessions, now).await?;
    // Spread over all of them.
    let cookies: Vec<String> = (0..2 * times).map(|number| id(number * 7919 % sessions)).collect();
    // The first open of each would be dearer.
    for cookie in &cookies {
        open(&manager, cookie, now).await?;
    }
    for times in [times, 2 * times] {
        skip();
        for cookie in cookies.iter().take(times) {
            open(&manager, cookie, now).await?;
        }
        mark(times, &format!("{sessions}|open"));
    }
    Ok(())
}

/// Prints the bytes of memory that each of so many sessions occupies: after it was stored, and after it was
/// read, since the store then keeps what was found out about the record.
pub(crate) async fn memory(sessions: usize) -> Result<()> {
    let now = SystemTime::now();
    let before = resident_bytes()?;
    let each = |bytes: usize| bytes.saturating_sub(before) as f64 / sessions as f64;
    let manager = filled(sessions, now).await?;
    let stored = each(resident_bytes()?);
    for number in 0..sessions {
        open(&manager, &id(number), now).await?;
    }
    println!("{stored:.0}|{:.0}", each(resident_bytes()?));
    Ok(())
}

async fn filled(sessions: usize, now: SystemTime) -> Result<Manager> {
    let store = Arc::new(MemoryStore::new(sessions as u64));
    let record = record(now).await?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
    for number in 0..sessions {
        let new = New { bytes: &record, lifetime: Some(Duration::from_secs(3600)) };
        store.swap(Call { now, deadline }, &format!("session:{}", id(number)), None, Some(new)).await?;
    }
    let environment = Environment { own_store: true, ..Environment::default() };
    Ok(Manager::with_store(SessionConfig::default().check(environment)?, store)?)
}

/// The record of a session of twenty keys.
async fn record(now: SystemTime) -> Result<Vec<u8>> {
    let Kept { manager, store, .. } = kept(Format::Msgpack, 1)?;
    let cookie = begin(&manager, &Case::shop(Format::Msgpack, 1024), now).await?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
    let loaded = store.load(Call { now, deadline }, &format!("session:{cookie}"), None).await?;
    Ok(loaded.ok_or("the session was not stored")?.bytes.into())
}

async fn open(manager: &Manager, cookie: &str, now: SystemTime) -> Result<()> {
    let session = manager.open(Some(cookie), now).await?;
    if session.is_new() { Err("a session that was stored is not there".into()) } else { Ok(()) }
}

/// A number as a session's id.
fn id(number: usize) -> String {
    format!("{number:0>43}")
}

fn resident_bytes() -> Result<usize> {
    let pages: usize =
        fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).ok_or("no pages")?.parse()?;
    Ok(pages * 4096)
}
