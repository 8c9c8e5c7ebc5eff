//! Requests of one process that change one session take turns, so that only processes compete.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A lock per store key; a key without a waiter takes no memory.
#[derive(Default)]
pub(crate) struct Turns {
    by_key: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

/// The right to swap a key, until dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    key: &'a str,
    lock: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(crate) async fn take<'a>(&'a self, key: &'a str) -> Turn<'a> {
        let lock = {
            let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(by_key.entry(key.to_owned()).or_default())
        };
        // The turn exists before the wait, so that a cancelled wait cleans up too.
        let mut turn = Turn { turns: self, key, lock: None };
        turn.lock = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.lock = None;
        let mut by_key = self.turns.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can get hold of the lock while the map is locked: one owner means no waiter.
        if by_key.get(self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            by_key.remove(self.key);
        }
    }
}
