//! Removing expired records while the application runs.

use std::sync::Arc;
use std::time::SystemTime;

use rocket::tokio::sync::Semaphore;
use rocket::{Shutdown, tokio};
use rocket_session_state_core::manager::Manager;

/// Lets one run at a time remove what requests find to be due.
pub(crate) struct Purging {
    turn: Arc<Semaphore>,
}

impl Default for Purging {
    fn default() -> Self {
        Purging { turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Purging {
    /// After a session was opened: removes expired records if that is due (`session_cleanup_n_requests`). The
    /// request does not wait for it.
    pub(crate) fn after_opening(&self, manager: &Manager, now: SystemTime) {
        if !manager.is_purge_due() {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        let manager = manager.clone();
        tokio::spawn(async move {
            manager.purge_and_log(now).await;
            drop(turn);
        });
    }
}

/// Removes expired records now and then (`session_purge_interval`), until the server shuts down.
pub(crate) fn in_background(manager: &Manager, shutdown: Shutdown) {
    let manager = manager.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown => {}
            () = manager.purge_regularly(SystemTime::now) => {}
        }
    });
}
