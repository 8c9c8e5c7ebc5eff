//! Locks by key: requests of one process that change one session take turns, so that only processes compete.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A lock for each store key. A key that nobody waits for takes no memory.
#[derive(Default)]
pub(crate) struct KeyedLocks {
    by_key: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

/// The exclusive right to swap a key in this process, until dropped.
pub(crate) struct KeyGuard<'a> {
    locks: &'a KeyedLocks,
    key: &'a str,
    lock: Option<OwnedMutexGuard<()>>,
}

impl KeyedLocks {
    pub(crate) async fn lock<'a>(&'a self, key: &'a str) -> KeyGuard<'a> {
        let lock = {
            let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(by_key.entry(key.to_owned()).or_default())
        };
        // The guard exists before the wait, so that a cancelled wait cleans up too.
        let mut guard = KeyGuard { locks: self, key, lock: None };
        guard.lock = Some(lock.lock_owned().await);
        guard
    }
}

impl Drop for KeyGuard<'_> {
    fn drop(&mut self) {
        self.lock = None;
        let mut by_key = self.locks.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can get hold of the lock while the map is locked: one owner means that nobody waits.
        if by_key.get(self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            by_key.remove(self.key);
        }
    }
}
