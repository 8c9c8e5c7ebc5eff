//! The folder of the sessions, and the operations on single files in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::layout::{self, Found};
use super::name::Names;
use crate::store::StoreError;
use crate::store::error::Told;
#[cfg(unix)]
use crate::store::{OpenTo, others::who_may_write_in};

/// The subfolder for files of our own. cachelib takes everything for a session whose name does not end like this.
const OWN: &str = ".rocket_session_state.__wz_cache";

/// The prefix of files that are being written.
pub(super) const DRAFT: &str = "new-";

#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    own: PathBuf,
    mode: u32,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Folder { own: path.join(OWN), path, mode: 0o600 }
    }

    pub(super) fn mode(self, mode: u32) -> Self {
        Folder { mode, ..self }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of lock files and drafts.
    pub(super) fn own(&self) -> &Path {
        &self.own
    }

    /// Returns the record, if there is one and it is alive.
    pub(super) fn look_up(&self, names: &Names, now: SystemTime) -> Result<Option<Found>, StoreError> {
        // A record may be moved from the second name to the first while it is looked for; never back.
        let mut too_short = None;
        for name in [&names.sha256, &names.md5, &names.sha256] {
            let Some(file) = self.read(name)? else { continue };
            let length = file.len();
            match layout::parts(file) {
                Some(found) if !layout::is_over(found.ends, now) => return Ok(Some(found)),
                Some(_) => {}
                None => too_short = Some(length),
            }
        }
        if let Some(length) = too_short {
            log::warn!("a session file has {length} bytes, too few for any session, and counts as absent");
        }
        Ok(None)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read a session", error)),
        }
    }

    /// Gives a record that is alive a new end of life, and gives the record back. To be called with its lock.
    pub(super) fn extend(
        &self,
        names: &Names,
        now: SystemTime,
        ends: u32,
    ) -> Result<Option<Found>, StoreError> {
        for name in [&names.sha256, &names.md5] {
            let extended = self.extend_file(name, now, ends);
            if let Some(found) = extended.map_err(|error| self.failed("extend a session", error))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Writes the four bytes at the beginning of the file at once. If Flask-Session replaces the file meanwhile, they
    /// go to the one that is no longer there, and harm nothing.
    fn extend_file(&self, name: &str, now: SystemTime, ends: u32) -> io::Result<Option<Found>> {
        let mut file = match OpenOptions::new().read(true).write(true).open(self.path.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let Some(found) = layout::parts(content).filter(|found| !layout::is_over(found.ends, now)) else {
            return Ok(None);
        };
        file.rewind()?;
        file.write_all(&ends.to_le_bytes())?;
        Ok(Some(Found { ends, ..found }))
    }

    /// Puts a new file in the place of the record's old one. Returns how many files more there are. To be called with
    /// the record's lock.
    pub(super) fn put(&self, names: &Names, draft: Draft) -> Result<i64, StoreError> {
        let place = self.path.join(&names.sha256);
        let is_new = !place.exists();
        draft.become_file(&place).map_err(|error| self.failed("replace a session", error))?;
        let files = i64::from(is_new) - i64::from(self.unlink(&names.md5)?);
        Ok(files)
    }

    /// Removes the record's files. Returns how many files more there are. To be called with the record's lock.
    pub(super) fn remove(&self, names: &Names) -> Result<i64, StoreError> {
        let mut files = 0;
        // The name that counts goes last: an older record would come back if the process ended in between.
        for name in [&names.md5, &names.sha256] {
            files -= i64::from(self.unlink(name)?);
        }
        Ok(files)
    }

    /// Removes a file; `false` if there is none.
    pub(super) fn unlink(&self, name: &str) -> Result<bool, StoreError> {
        match fs::remove_file(self.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("remove a session", error)),
        }
    }

    /// Writes this content to a file that nobody knows yet.
    pub(super) fn draft(&self, content: &[u8]) -> Result<Draft, StoreError> {
        self.try_draft(content).map_err(|error| self.failed("write a file", error))
    }

    fn try_draft(&self, content: &[u8]) -> io::Result<Draft> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = self.own.join(format!("{DRAFT}{:016x}", u64::from_be_bytes(random)));
        let mut file = self.make(&path)?;
        let draft = Draft { path: Some(path) };
        file.write_all(content)?;
        Ok(draft)
    }

    /// Takes the lock of a record; `None` if somebody else holds it.
    pub(super) fn try_lock(&self, names: &Names) -> Result<Option<File>, StoreError> {
        self.try_lock_file(&names.sha256)
    }

    /// Takes the lock of all records with a file name that begins as this one. It ends when the file is closed, and
    /// with the process that holds it.
    ///
    /// The file is opened anew for each lock: the system takes two that were opened by themselves for rivals,
    /// also in one process.
    pub(super) fn try_lock_file(&self, name: &str) -> Result<Option<File>, StoreError> {
        let (stripe, _) = name.split_at_checked(2).unwrap_or((name, ""));
        let path = self.own.join(format!("lock-{stripe}"));
        let file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => match self.make(&path) {
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    OpenOptions::new().write(true).open(&path)
                }
                made => made,
            },
            opened => opened,
        };
        let locked = file.and_then(|file| match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        });
        locked.map_err(|error| self.failed("lock a file", error))
    }

    /// Does once what the store will do later.
    pub(super) fn try_out(&self) -> Result<(), StoreError> {
        self.draft(b"")?;
        self.try_lock_file("00")?;
        fs::read_dir(&self.path).map(drop).map_err(|error| self.failed("list the files", error))
    }

    /// Says who else may write in the folders.
    #[cfg(unix)]
    pub(super) fn open_to_others(&self) -> Option<OpenTo> {
        OpenTo::worst([&self.path, &self.own].map(|folder| who_may_write_in(folder, self.mode)))
    }

    /// Creates a file of our mode, and the folders around it where they are missing.
    fn make(&self, path: &Path) -> io::Result<File> {
        let make = || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode);
            options.open(path)
        };
        let file = match make() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make_folders()?;
                make()?
            }
            made => made?,
        };
        // What the process masks is asked for once more, as cachelib does.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(self.mode))?;
        Ok(file)
    }

    /// The folders where files are made. Who may write sessions has to make and remove files in both.
    fn make_folders(&self) -> io::Result<()> {
        for folder in [&self.path, &self.own] {
            if let Some(parent) = folder.parent() {
                fs::create_dir_all(parent)?;
            }
            match new_folder(folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made.and_then(|()| self.share(folder))?,
            }
        }
        Ok(())
    }

    /// Gives those who share the files the same rights to a new folder of ours, whatever the process masks.
    #[cfg(unix)]
    fn share(&self, folder: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;

        let files = self.mode & 0o066;
        // Nobody reads or writes in a folder that he may not enter.
        let enter = (files >> 2 | files >> 1) & 0o011;
        let mut rights = fs::metadata(folder)?.permissions();
        rights.set_mode(rights.mode() | files | enter);
        fs::set_permissions(folder, rights)
    }

    #[cfg(not(unix))]
    fn share(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Makes the error of an operation that the file system refused: it may be about one file, and costs no time.
    /// Its text names the folder, never a file: that is
    /// made from a session id.
    pub(super) fn failed(&self, doing: &str, error: io::Error) -> StoreError {
        let text = format!("can't {doing} in the folder of the sessions, {:?}", self.path);
        StoreError::refused(Told { text, source: error.into() })
    }
}

/// Makes a folder in which its owner alone may write, however little the process masks.
fn new_folder(path: &Path) -> io::Result<()> {
    let mut new = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut new, 0o755);
    new.create(path)
}

/// A file that is being written; it is removed unless it becomes another.
pub(super) struct Draft {
    path: Option<PathBuf>,
}

impl Draft {
    pub(super) fn become_file(mut self, place: &Path) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        fs::rename(path, place)?;
        self.path = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays is removed by a purge.
            let _ = fs::remove_file(path);
        }
    }
}
