//! The number of files above which expired ones are removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use super::folder::Folder;
use super::walk::Walk;

/// Notices that there are more files than the threshold allows.
pub(super) struct FileThreshold {
    /// 0 is never.
    threshold: u64,
    /// Files that this process may still add before the next scan.
    until_scan: AtomicU64,
    warned: AtomicBool,
}

/// Files between two scans at least, or an eighth of all there are: so a scan costs no more than
/// eight names for each file that is added.
const BETWEEN_SCANS: u64 = 16;

impl Default for FileThreshold {
    fn default() -> Self {
        FileThreshold::of(500)
    }
}

impl FileThreshold {
    pub(super) fn of(threshold: u64) -> Self {
        FileThreshold { threshold, until_scan: AtomicU64::new(1), warned: AtomicBool::new(false) }
    }

    /// Counts a new file. Returns whether the caller has to [`scan`](Self::scan).
    pub(super) fn has_grown(&self) -> bool {
        let counted = |left: u64| left.checked_sub(1);
        // After the last one there is none left until the scan is over, so that there is one at a time.
        self.threshold > 0
            && self.until_scan.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted) == Ok(1)
    }

    /// Removes expired files if there are too many; if that is not enough, says so once.
    pub(super) fn scan(&self, folder: &Arc<Folder>, now: SystemTime) {
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
        self.until_scan.store((left / 8).max(BETWEEN_SCANS), Ordering::Relaxed);
    }
}

fn remove_expired(folder: &Arc<Folder>, now: SystemTime) -> u64 {
    let mut removed = 0;
    let Ok(mut walk) = Walk::through(Arc::clone(folder)) else { return 0 };
    // What fails is tried again at the next scan.
    while let Ok(step) = walk.step(now) {
        removed += step.removed;
        if step.is_last {
            break;
        }
    }
    removed
}
