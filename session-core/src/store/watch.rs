//! Hints that a record may be gone, from a store that learns of it to whoever waits for that.

use tokio::sync::watch;
use tokio::time::Instant;

/// Who wants to know when a record is removed, as a store sees them ([`Store::watch`](super::Store::watch)).
///
/// Clones are the same watcher.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::store::Watcher;
/// use tokio::time::Instant;
///
/// let began = Instant::now();
/// let (watcher, hints) = Watcher::new();
/// watcher.tell();
/// assert!(hints.any_since(began));
/// drop(hints);
/// assert!(watcher.is_gone());
/// ```
#[derive(Debug, Clone)]
pub struct Watcher(watch::Sender<Option<Instant>>);

impl Watcher {
    /// Makes a watcher, and what shows its hints.
    pub fn new() -> (Watcher, Hints) {
        let (told, hints) = watch::channel(None);
        (Watcher(told), Hints(hints))
    }

    /// Says that the record may have been removed: it was, or the store may have missed that. Once too often costs
    /// whoever waits a load.
    pub fn tell(&self) {
        self.0.send_replace(Some(Instant::now()));
    }

    /// Returns `true` if nobody waits any more, so that the store can forget the watcher.
    pub fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// What a [`Watcher`] was told. The watcher is gone when all clones of its hints are.
#[derive(Debug, Clone)]
pub struct Hints(watch::Receiver<Option<Instant>>);

impl Hints {
    /// Returns `true` if there was a hint at this moment or later.
    pub fn any_since(&self, moment: Instant) -> bool {
        self.0.borrow().is_some_and(|told| told >= moment)
    }

    /// Waits for a hint at this moment or later. `false` if none will come, because no store has the watcher.
    pub async fn wait(&mut self, moment: Instant) -> bool {
        self.0.wait_for(|told| told.is_some_and(|told| told >= moment)).await.is_ok()
    }
}
