//! Requests that change every key of a session.

use std::time::SystemTime;

use rocket_session_state_core::codec::Format;

use crate::batch::{Kept, begin, kept, open};
use crate::case::Case;
use crate::{Result, mark, skip};

/// Opens so many sessions, sets every key of each and closes them.
pub(crate) async fn run(case: &Case, times: usize) -> Result<()> {
    let now = SystemTime::now();
    let Kept { manager, .. } = &kept(case.format, times)?;
    let mut cookies = Vec::with_capacity(times);
    for _ in 0..times {
        cookies.push(begin(manager, case, now).await?);
    }
    let mut sessions = Vec::with_capacity(times);
    open(manager, &cookies, now, &mut sessions).await?;
    skip();
    for session in &sessions {
        for key in case.fields.keys() {
            session.set(key, "another text");
        }
    }
    mark(times, &format!("{case}|set every key"));
    for session in &sessions {
        manager.close(session, now).await?;
    }
    mark(times, &format!("{case}|close"));
    Ok(())
}

/// Of these the time is counted by the number of keys.
pub(crate) fn cases() -> Vec<Case> {
    [1, 10, 100, 1000].map(|keys| Case::texts(Format::Msgpack, keys, 20 * keys)).into()
}
