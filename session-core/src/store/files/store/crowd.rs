//! What happens when there are many sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use super::folder::Folder;
use super::walk::Walk;

/// Notices that there are more files than the threshold allows.
pub(super) struct Crowd {
    /// 0 is never.
    threshold: u64,
    /// Files that this process may still add before it looks around again.
    until_look: AtomicU64,
    warned: AtomicBool,
}

/// Files between two looks at least, or an eighth of all there are: so looking costs no more than
/// eight names for each file that is added.
const BETWEEN_LOOKS: u64 = 16;

impl Default for Crowd {
    fn default() -> Self {
        Crowd::above(500)
    }
}

impl Crowd {
    pub(super) fn above(threshold: u64) -> Self {
        Crowd { threshold, until_look: AtomicU64::new(1), warned: AtomicBool::new(false) }
    }

    /// Counts a new file. Whether it is time to look around, which the caller then does.
    pub(super) fn has_grown(&self) -> bool {
        let counted = |left: u64| left.checked_sub(1);
        // After the last one there is none left until the look is over, so that one at a time looks.
        self.threshold > 0
            && self.until_look.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted) == Ok(1)
    }

    /// Removes expired files if there are too many; if that is not enough, says so once.
    pub(super) fn look_around(&self, folder: &Arc<Folder>, now: SystemTime) {
        let files = Walk::count(folder).unwrap_or(0);
        let expired = if files > self.threshold { remove_expired(folder, now) } else { 0 };
        let left = files.saturating_sub(expired);
        if left <= self.threshold {
            self.warned.store(false, Ordering::Relaxed);
        } else if !self.warned.swap(true, Ordering::Relaxed) {
            log::warn!(
                "there are {left} session files in {:?}, more than the {} of session_file_threshold; none of \
                 them has expired, and none was removed",
                folder.path(),
                self.threshold
            );
        }
        self.until_look.store((left / 8).max(BETWEEN_LOOKS), Ordering::Relaxed);
    }
}

fn remove_expired(folder: &Arc<Folder>, now: SystemTime) -> u64 {
    let mut removed = 0;
    let Ok(mut walk) = Walk::through(Arc::clone(folder)) else { return 0 };
    // What fails is tried again at the next look.
    while let Ok(step) = walk.step(now) {
        removed += step.removed;
        if step.is_last {
            break;
        }
    }
    removed
}
