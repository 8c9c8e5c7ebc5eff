//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

/// The pause between two looks: short beside a start of any server, long beside a look.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `done` says yes, at most for `limit`; whether it did.
pub fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(PAUSE);
    }
}
