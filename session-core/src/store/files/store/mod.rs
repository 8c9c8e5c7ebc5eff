//! Sessions in files, as Flask-Session's `filesystem` and `cachelib` keep them.

mod count;
mod folder;
mod layout;
mod name;
mod threshold;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use self::folder::Folder;
use self::name::Names;
use self::threshold::FileThreshold;
use self::walk::Walk;
#[cfg(unix)]
use crate::store::OpenTo;
use crate::store::{Call, Loaded, New, Store, StoreError, Swap};

/// Sessions in one file each, in the layout of cachelib's `FileSystemCache`: four bytes with the second in
/// which the record ends (little-endian, 0 is never), then the record. The name is the SHA-256 of the
/// store id in hex.
///
/// * Any number of processes may use the folder. Reading takes no lock; changing a record takes one of 256
///   lock files, by the first byte of the name, for as long as writing a file takes. A process that is
///   stopped while it holds a lock makes the others' calls fail at their deadline, for a 256th of all sessions.
/// * A record is written to a new file that replaces the old one, so that no reader sees half of it. What
///   was acknowledged survives the end of the process, however it ends. It is not forced to the disk: what
///   was written in the last seconds before a power cut may be lost or, on some file systems, empty.
/// * Extending a life writes four bytes. A change that keeps the end of the life reads it from the file.
/// * Files of cachelib up to 0.15, whose names are MD5 sums, are read; a change moves the record to its new
///   name, where such an old cachelib does not look for it: its Flask loses the session, and can't end it.
/// * A file too short for its end of life counts as absent, as for cachelib, and is logged. One that can't
///   be read is an error.
/// * Nothing that is alive is ever removed to make room. Above the [threshold](FileStore::threshold) what has
///   expired is removed, and if that is not enough, a warning is logged.
/// * Lock files and files that are being written are in the folder `.rocket_session_state.__wz_cache`: by
///   the end of its name cachelib knows that it is not a session.
///
/// cachelib takes no locks. A change of its own between our comparison and our renaming, which is microseconds,
/// is lost, and it overwrites what it has not read; it also removes live sessions above *its* threshold, by a
/// count of files that is kept up to date here. Give its `FileSystemCache` a threshold of 0.
///
/// The store holds any bytes. Sessions that Flask shall read are pickles: that is what the manager
/// writes if the *configuration* names `filesystem` or `cachelib`. A store that is passed in code gets
/// records as `session_serialization_format` says, which Flask does not read from files.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use std::time::{Duration, SystemTime};
/// use rocket_session_state::store::{Call, FileStore, New, Store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let store = FileStore::new(folder.path());
/// let call = Call {
///     now: SystemTime::now(),
///     deadline: tokio::time::Instant::now() + Duration::from_secs(1),
/// };
/// let new = New { bytes: b"record", lifetime: Some(Duration::from_secs(60)) };
/// store.swap(call, "session:id", None, Some(new)).await?;
/// assert!(store.load(call, "session:id", None).await?.is_some());
/// # Ok(())
/// # }
/// ```
pub struct FileStore {
    folder: Arc<Folder>,
    threshold: Arc<FileThreshold>,
}

impl FileStore {
    /// A store in this folder (`session_file_dir`), which is made with its parents where it is missing.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        FileStore { folder: Arc::new(Folder::new(folder.into())), threshold: Arc::default() }
    }

    /// The number of files from which on expired ones are removed and, if that is not enough, a warning is
    /// logged (`session_file_threshold`). Default: 500; 0 is never.
    #[must_use]
    pub fn threshold(mut self, files: u64) -> Self {
        self.threshold = Arc::new(FileThreshold::of(files));
        self
    }

    /// The mode that files get (`session_file_mode`), on systems that know modes. Default: 0600.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.folder = Arc::new(Folder::clone(&self.folder).mode(mode));
        self
    }

    /// Does something with one record that nobody else may change meanwhile.
    ///
    /// A thread is only taken for as long as the work takes, not for waiting: the lock may be held by a
    /// process that is stopped. What has begun is done as a whole, also if the call is dropped.
    async fn locked<T: Send + 'static>(
        &self,
        call: Call,
        key: &str,
        work: impl Fn(&Folder, &Names) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let names = Names::of(key);
        let shared = Arc::new((names, work));
        loop {
            let (folder, shared) = (Arc::clone(&self.folder), Arc::clone(&shared));
            let attempt = on_a_thread(move || {
                let (names, work) = &*shared;
                match folder.try_lock(names)? {
                    Some(_lock) if call.deadline > Instant::now() => work(&folder, names).map(Some),
                    _ => Ok(None),
                }
            });
            if let Some(answer) = attempt.await? {
                return Ok(answer);
            }
            if call.deadline <= Instant::now() {
                return Err(StoreError::timeout());
            }
            sleep_until(call.deadline.min(Instant::now() + PAUSE)).await;
        }
    }

    /// Counts a new file, and scans the folder if it is time for that. Nobody waits for the scan.
    fn added(&self, now: SystemTime) {
        if self.threshold.has_grown() {
            let (folder, threshold) = (Arc::clone(&self.folder), Arc::clone(&self.threshold));
            drop(spawn_blocking(move || threshold.scan(&folder, now)));
        }
    }
}

/// The pause between two attempts to get a lock, which is held for a fraction of this.
const PAUSE: Duration = Duration::from_millis(1);

impl Store for FileStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let found = match touch {
            None => {
                let (folder, names) = (Arc::clone(&self.folder), Names::of(key));
                on_a_thread(move || folder.look_up(&names, call.now)).await?
            }
            Some(lifetime) => {
                let ends = layout::end_of_life(call.now, lifetime);
                self.locked(call, key, move |folder, names| folder.extend(names, call.now, ends)).await?
            }
        };
        Ok(found.map(Loaded::from))
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let expected = expected.map(|expected| expected.bytes.clone());
        let only_extends = new.is_some_and(|new| expected.as_ref().is_some_and(|bytes| bytes == new.bytes));
        let new = new.map(|new| {
            let ends = new.lifetime.map(|lifetime| layout::end_of_life(call.now, lifetime));
            (ends, layout::file(ends.unwrap_or_default(), new.bytes))
        });
        let swapped = self.locked(call, key, move |folder, names| {
            if let (true, Some((Some(ends), _))) = (only_extends, &new) {
                // The file stays, as in a load with touch: four bytes are written instead of the record.
                let current = folder.look_up(names, call.now)?;
                if current.as_ref().map(|found| &found.bytes) != expected.as_ref() {
                    return Ok(Err(current));
                }
                return Ok(folder.extend(names, call.now, *ends)?.map(|_| 0).ok_or(None));
            }
            // Written before the comparison, so that as little time as possible is between that and the
            // renaming: Flask-Session takes no lock.
            let draft = match &new {
                None => None,
                Some((Some(_), file)) => Some(folder.draft(file)?),
                Some((None, file)) => {
                    let ends = folder.look_up(names, call.now)?.map_or(0, |found| found.ends);
                    Some(folder.draft(&layout::ending(file, ends))?)
                }
            };
            let current = folder.look_up(names, call.now)?;
            if current.as_ref().map(|found| &found.bytes) != expected.as_ref() {
                return Ok(Err(current));
            }
            let files = match draft {
                Some(draft) => folder.put(names, draft)?,
                None => folder.remove(names)?,
            };
            count::add(folder, files);
            Ok(Ok(files))
        });
        match swapped.await? {
            Ok(files) => {
                if files > 0 {
                    self.added(call.now);
                }
                Ok(Swap::Done { version: None })
            }
            Err(current) => Ok(Swap::Conflict(current.map(Loaded::from))),
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.locked(call, key, move |folder, names| {
            let existed = folder.look_up(names, call.now)?.is_some();
            count::add(folder, folder.remove(names)?);
            Ok(existed)
        })
        .await
    }

    /// Removes expired records, ours and cachelib's, and what processes that were killed have left half
    /// written.
    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        let folder = Arc::clone(&self.folder);
        let mut walk = on_a_thread(move || Walk::through(folder)).await?;
        let mut removed = 0;
        // In steps, so that a purge that is dropped comes to an end.
        loop {
            let (walked, step) = on_a_thread(move || walk.step(call.now).map(|step| (walk, step))).await?;
            walk = walked;
            removed += step.removed;
            if step.is_last {
                return Ok(removed);
            }
        }
    }

    /// Checks that the folder exists or can be made, and that files in it can be written, locked and listed.
    async fn ping(&self, _: Call) -> Result<(), StoreError> {
        let folder = Arc::clone(&self.folder);
        on_a_thread(move || folder.try_out()).await
    }

    fn address(&self) -> Option<String> {
        let folder = self.folder.path();
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Some(format!("folder {}", folder.display()))
    }

    #[cfg(unix)]
    fn open_to_others(&self) -> Option<OpenTo> {
        self.folder.open_to_others()
    }
}

debug_by_address!(FileStore);

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(StoreError::refused)?
}
