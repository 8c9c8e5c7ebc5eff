//! A memory store that holds many sessions.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use session_core::codec::{Format, RawKey};
use session_core::config::{SessionConfig, Surroundings};
use session_core::manager::Manager;
use session_core::store::{Call, MemoryStore, New, Store};
use session_core::value::Value;

use crate::{Result, mark, skip};

/// Bytes of each record.
const RECORD: usize = 1000;

/// Puts so many sessions into a memory store, and opens and closes some of them. Prints the bytes of
/// memory that each occupies.
pub(crate) async fn run(sessions: usize, times: usize) -> Result<()> {
    let now = SystemTime::now();
    let text = Format::Msgpack.encode(&Value::Str("x".repeat(RECORD - 10)))?;
    let record = Format::Msgpack.join(&[(RawKey::Text("field"), &text)]);
    let store = Arc::new(MemoryStore::new(sessions as u64));
    let before = resident_bytes()?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(3600);
    for number in 0..sessions {
        let new = New { bytes: &record, lifetime: Duration::from_secs(3600) };
        store.swap(Call { now, deadline }, &format!("session:{}", id(number)), None, Some(new)).await?;
    }
    let each = (resident_bytes()? - before) as f64 / sessions as f64;
    let surroundings = Surroundings { own_store: true, ..Surroundings::default() };
    let manager = Manager::with_store(SessionConfig::default().check(surroundings)?.config, store)?;
    // Spread over all of them.
    let cookies: Vec<String> = (0..2 * times).map(|number| id(number * 7919 % sessions)).collect();
    for times in [times, 2 * times] {
        skip();
        for cookie in cookies.iter().take(times) {
            let session = manager.open(Some(cookie), now).await?;
            if session.is_new() {
                return Err("a session that was stored is not there".into());
            }
        }
        mark(times, &format!("{sessions}|{each:.0}|open"));
    }
    Ok(())
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
