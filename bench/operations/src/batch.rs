//! The parts of a request, each for a batch of sessions.

use std::sync::Arc;
use std::time::SystemTime;

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::config::{Environment, RecordFormat, SessionConfig, SessionType};
use rocket_session_state_core::fields::{self, Field};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::Session;
use rocket_session_state_core::store::MemoryStore;
use tempfile::TempDir;

use crate::case::Case;
use crate::{Result, mark, skip};

/// The parts that the requests use.
struct Views;

impl Field for Views {
    type Stored = u64;
    type Declared = u64;
    const KEY: &'static str = "views";

    fn default() -> u64 {
        0
    }
}

/// Opens so many sessions, reads a field of each, writes it, closes them, and opens and closes them once
/// more without a change.
pub(crate) async fn run(case: &Case, times: usize) -> Result<()> {
    let now = SystemTime::now();
    let Kept { manager, .. } = &kept(case.format, times)?;
    let mut cookies = Vec::with_capacity(times);
    for _ in 0..times {
        cookies.push(begin(manager, case, now).await?);
    }
    let mut sessions = Vec::with_capacity(times);

    skip();
    open(manager, &cookies, now, &mut sessions).await?;
    mark(times, &format!("{case}|open"));
    let seen: u64 = sessions.iter().map(fields::get::<Views>).sum();
    mark(times, &format!("{case}|read"));
    sessions.iter().for_each(|session| fields::set::<Views>(session, 2));
    mark(times, &format!("{case}|write"));
    close(manager, &sessions, now).await?;
    mark(times, &format!("{case}|close, changed"));
    // What freeing so many at once takes depends on the state of the heap: it is not counted.
    sessions.clear();
    open(manager, &cookies, now, &mut sessions).await?;
    skip();
    close(manager, &sessions, now).await?;
    mark(times, &format!("{case}|close, unchanged"));
    if seen == times as u64 { Ok(()) } else { Err(format!("{case} does not hold what was set").into()) }
}

/// Makes a session as the case says; what its cookie holds.
pub(crate) async fn begin(manager: &Manager, case: &Case, now: SystemTime) -> Result<String> {
    let session = manager.open(None, now).await?;
    for (key, value) in &case.fields {
        session.set(key, value);
    }
    let set_cookie = manager.close(&session, now).await?.set_cookie.ok_or("a session without a cookie")?;
    Ok(set_cookie.split(['=', ';']).nth(1).unwrap_or_default().to_owned())
}

/// A manager and what it may use.
pub(crate) struct Kept {
    pub(crate) manager: Manager,
    /// For msgpack and JSON.
    pub(crate) store: Arc<MemoryStore>,
    /// For pickles, which only files hold.
    _folder: TempDir,
}

pub(crate) fn kept(format: Format, sessions: usize) -> Result<Kept> {
    let mut config = SessionConfig::default();
    config.secret_key = Some("a key that signs cookies".into());
    // Cookies of the larger sessions are too large for browsers, and still of interest.
    config.max_cookie_size = 0;
    config.store.memory.max = sessions as u64;
    let folder = TempDir::new()?;
    config.store.files.dir = folder.path().to_owned();
    match format {
        Format::TaggedJson => config.session_type = SessionType::Cookie,
        Format::Pickle => config.session_type = SessionType::FileSystem,
        Format::Json => config.session_serialization_format = RecordFormat::Json,
        _ => {}
    }
    let store = Arc::new(MemoryStore::new(sessions as u64));
    let own_store = matches!(format, Format::Msgpack | Format::Json);
    let config = config.check(Environment { own_store, ..Environment::default() })?;
    let manager = if own_store {
        Manager::with_store(config, Arc::<MemoryStore>::clone(&store))?
    } else {
        Manager::new(config)?
    };
    Ok(Kept { manager, store, _folder: folder })
}

pub(crate) async fn open(
    manager: &Manager,
    cookies: &[String],
    now: SystemTime,
    sessions: &mut Vec<Session>,
) -> Result<()> {
    for cookie in cookies {
        sessions.push(manager.open(Some(cookie), now).await?);
    }
    Ok(())
}

async fn close(manager: &Manager, sessions: &[Session], now: SystemTime) -> Result<()> {
    for session in sessions {
        manager.close(session, now).await?;
    }
    Ok(())
}
