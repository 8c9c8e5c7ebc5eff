//! Errors of the file system.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// An operation that the file system refused. Its text names the folder, never a file: that is made from a session
/// id.
#[derive(Debug)]
pub(super) struct FileError {
    doing: &'static str,
    folder: PathBuf,
    source: io::Error,
}

impl FileError {
    pub(super) fn new(doing: &'static str, folder: &Path, source: io::Error) -> Self {
        FileError { doing, folder: folder.to_owned(), source }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't {} in the folder of the sessions, {:?}", self.doing, self.folder)
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<FileError> for StoreError {
    fn from(error: FileError) -> Self {
        StoreError::unavailable(error)
    }
}
