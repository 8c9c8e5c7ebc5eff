//! The state of one application's sessions.

use std::sync::Arc;
use std::time::SystemTime;

use rocket::tokio::sync::Semaphore;
use rocket::{Request, Shutdown, tokio};
use rocket_session_state_core::manager::Manager;

use crate::csrf::Tokens;
use crate::recall::Recall;

/// The manager of the sessions, their clock and the removal of expired records. The fairing leaves it in Rocket's managed
/// state, where guards and the saving fairing find it.
pub(crate) struct SessionContext {
    pub(crate) manager: Manager,
    clock: Arc<Clock>,
    /// What tokens of forms are made with; `None` without a key.
    pub(crate) csrf_tokens: Option<Arc<Tokens>>,
    /// Logs in whom a remember-me cookie names; `None` where logins are not shared with Flask-Login.
    pub(crate) recall: Option<Recall>,
    /// Held by the one task that removes expired records.
    purge_turn: Arc<Semaphore>,
}

/// Tells the time of a request.
pub(crate) type Clock = dyn Fn(&Request<'_>) -> SystemTime + Send + Sync;

impl SessionContext {
    pub(crate) fn new(manager: Manager, clock: Arc<Clock>, recall: Option<Recall>) -> Self {
        let csrf_tokens = Tokens::new(manager.config()).map(Arc::new);
        SessionContext { manager, clock, csrf_tokens, recall, purge_turn: Arc::new(Semaphore::new(1)) }
    }

    /// The time, as the application's clock tells it for this request.
    pub(crate) fn now(&self, request: &Request<'_>) -> SystemTime {
        (self.clock)(request)
    }

    /// Removes expired records if that is due after a session was opened (`session_cleanup_n_requests`).
    /// The request does not wait for it, and one task at a time does it.
    pub(crate) fn purge_if_due(&self, now: SystemTime) {
        if !self.manager.is_purge_due() {
            return;
        }
        let Ok(turn) = Arc::clone(&self.purge_turn).try_acquire_owned() else { return };
        let manager = self.manager.clone();
        tokio::spawn(async move {
            manager.purge_and_log(now).await;
            drop(turn);
        });
    }

    /// Starts the task that removes expired records every `session_purge_interval`, until the shutdown.
    pub(crate) fn purge_regularly(&self, shutdown: Shutdown) {
        let manager = self.manager.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown => {}
                () = manager.purge_regularly(SystemTime::now) => {}
            }
        });
    }
}
