//! What the file system refused.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// Names the folder, never a file: that is made from a session id.
#[derive(Debug)]
pub(super) struct Failure {
    doing: &'static str,
    folder: PathBuf,
    source: io::Error,
}

impl Failure {
    pub(super) fn new(doing: &'static str, folder: &Path, source: io::Error) -> Self {
        Failure { doing, folder: folder.to_owned(), source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't {} in the folder of the sessions, {:?}", self.doing, self.folder)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        StoreError::unavailable(failure)
    }
}
