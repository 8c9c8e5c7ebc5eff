//! A walk through all files, in steps.

use std::fs::{self, DirEntry, File, ReadDir};
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::count;
use super::folder::{DRAFT, Folder};
use super::layout::{self, HEADER};
use super::name::is_session;
use crate::store::StoreError;

/// A walk through the folder that removes what nobody needs.
pub(super) struct Walk {
    folder: Arc<Folder>,
    files: Option<ReadDir>,
}

pub(super) struct Step {
    /// Records that had expired.
    pub(super) removed: u64,
    pub(super) is_last: bool,
}

/// Files that a step looks at.
const STEP: usize = 256;

/// Files that are not a session yet, or not any more, and older than this have been left by a process that has
/// ended, or by a power cut.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

impl Walk {
    pub(super) fn through(folder: Arc<Folder>) -> Result<Walk, StoreError> {
        let walk = match fs::read_dir(folder.path()) {
            Ok(files) => Walk { files: Some(files), folder },
            Err(error) if error.kind() == ErrorKind::NotFound => Walk { files: None, folder },
            Err(error) => return Err(folder.failed("list the files", error)),
        };
        walk.remove_drafts();
        Ok(walk)
    }

    /// Looks at some files.
    pub(super) fn step(&mut self, now: SystemTime) -> Result<Step, StoreError> {
        let mut step = Step { removed: 0, is_last: false };
        let mut looked_at = 0;
        let Walk { folder, files } = self;
        for file in files.iter_mut().flatten().take(STEP) {
            looked_at += 1;
            let file = file.map_err(|error| folder.failed("list the files", error))?;
            let Some(name) = file.file_name().to_str().filter(|name| is_session(name)).map(str::to_owned)
            else {
                continue;
            };
            step.removed += u64::from(is_over(&file, now) && remove(folder, &file, &name, now)?);
        }
        step.is_last = looked_at < STEP;
        count::add(folder, -i64::try_from(step.removed).unwrap_or(i64::MAX));
        Ok(step)
    }

    /// Counts the sessions, expired or not.
    pub(super) fn count(folder: &Folder) -> io::Result<u64> {
        let files = fs::read_dir(folder.path())?.flatten();
        Ok(files.filter(|file| file.file_name().to_str().is_some_and(is_session)).count() as u64)
    }

    fn remove_drafts(&self) {
        let Ok(files) = fs::read_dir(self.folder.own()) else { return };
        for file in files.flatten() {
            let is_draft = file.file_name().to_str().is_some_and(|name| name.starts_with(DRAFT));
            if is_draft && is_left_behind(&file) {
                // Another purge may have been faster.
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

fn is_over(file: &DirEntry, now: SystemTime) -> bool {
    let mut header = [0; HEADER];
    match File::open(file.path()).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => layout::is_over(u32::from_le_bytes(header), now),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => is_left_behind(file),
        // Gone already, or not ours to read.
        Err(_) => false,
    }
}

/// Removes a record, unless somebody has given it a new life meanwhile or is about to.
fn remove(folder: &Folder, file: &DirEntry, name: &str, now: SystemTime) -> Result<bool, StoreError> {
    // A record under its older name is extended under another lock. Only if that happens after the next line has
    // looked at it, for a request that began before its end, is such a record lost.
    let Some(_lock) = folder.try_lock_file(name)? else { return Ok(false) };
    Ok(is_over(file, now) && folder.unlink(name)?)
}

/// Goes by the machine's clock, which has also stamped the file: the time of a call may be any.
fn is_left_behind(file: &DirEntry) -> bool {
    let age = file.metadata().and_then(|data| data.modified()).map(|modified| modified.elapsed());
    matches!(age, Ok(Ok(age)) if age > LEFT_BEHIND)
}
