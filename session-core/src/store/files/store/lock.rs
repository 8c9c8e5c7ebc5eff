//! Locks between processes, and between threads of one.

use std::fs::{File, TryLockError};
use std::io;

/// A lock that ends with this value, and with the process that holds it.
///
/// The file is opened anew for each lock: the system takes two that were opened by themselves for rivals,
/// also in one process.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// `None` if somebody else holds it.
    pub(super) fn try_on(file: File) -> io::Result<Option<Lock>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
