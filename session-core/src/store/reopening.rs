//! A connection that is opened when it is needed, and replaced when it breaks or goes silent.

use std::sync::{Arc, Mutex, PoisonError};

/// Holds a connection, or several, that calls share until one of them gives it up: `T::default()` is
/// one that is not open yet.
///
/// Calls that already use the old one go on using it.
#[derive(Default)]
pub(super) struct Reopening<T>(Mutex<Arc<T>>);

impl<T: Default> Reopening<T> {
    pub(super) fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the next call open another one, unless that has happened since `used` was current.
    pub(super) fn discard(&self, used: &Arc<T>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, used) {
            *current = Arc::default();
        }
    }

    /// Watches a call that waits for its answer. If the call is dropped before it, `is_silent` decides
    /// whether the way to the server may be gone without a sign, as behind a proxy or a firewall.
    pub(super) fn watch<'a, F: Fn() -> bool>(&'a self, used: &'a Arc<T>, is_silent: F) -> Watch<'a, T, F> {
        Watch { owner: self, used, is_silent, answered: false }
    }
}

/// A call that waits for its answer; dropped, it may discard its connection.
pub(super) struct Watch<'a, T: Default, F: Fn() -> bool> {
    owner: &'a Reopening<T>,
    used: &'a Arc<T>,
    is_silent: F,
    answered: bool,
}

impl<T: Default, F: Fn() -> bool> Watch<'_, T, F> {
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl<T: Default, F: Fn() -> bool> Drop for Watch<'_, T, F> {
    fn drop(&mut self) {
        if !self.answered && (self.is_silent)() {
            self.owner.discard(self.used);
        }
    }
}
