//! The end of a session: waiting for it, and remembering it for requests that are still running.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::Session;
use super::manager::{Manager, Server, SessionHome};
use crate::formats::id::SessionId;

impl Manager {
    /// Returns when the session has ended: destroyed, logged out or expired, here or elsewhere.
    pub(super) async fn ended(&self, session: &Session) {
        let SessionHome::Server(server) = self.home() else {
            // Nobody can end a cookie.
            return std::future::pending().await;
        };
        let mut ends = server.ended.changed.subscribe();
        loop {
            if self.has_ended(server, session).await {
                return;
            }
            let told = ends.wait_for(|()| server.knows_end_of(session));
            if timeout(self.config().session_ended_poll, told).await.is_ok() {
                return;
            }
        }
    }

    /// Asks the store, without extending the session's life: waiting is not a use.
    async fn has_ended(&self, server: &Server, session: &Session) -> bool {
        if server.knows_end_of(session) {
            return true;
        }
        let Some(id) = session.state().identity.id().cloned() else { return false };
        let key = self.store_key(&id);
        // A store that fails says nothing about the session.
        let loaded = server.store.load(&self.budget(), session.now(), &key, None).await;
        // The session may have got a new id meanwhile.
        matches!(loaded, Ok(None)) && session.state().identity.id() == Some(&id)
    }
}

impl Server {
    fn knows_end_of(&self, session: &Session) -> bool {
        let identity = &session.state().identity;
        identity.ended || identity.id().is_some_and(|id| self.ended.contains(id, session.shared.clock.at))
    }
}

/// The ids of sessions that this process ended lately, and a signal for those who wait for an end.
///
/// A request looks here when it is done, so an id is kept longer than requests run. An id that is forgotten too
/// early costs nothing but a cookie with an id that the store does not know.
pub(super) struct EndedSessions {
    recent: Mutex<Recent>,
    /// `true` from the first end on: nobody takes the lock to find none.
    any: AtomicBool,
    changed: watch::Sender<()>,
}

/// The latest end of each id, in two generations: the old one is forgotten when the young one becomes it.
struct Recent {
    young: HashMap<SessionId, Instant>,
    old: HashMap<SessionId, Instant>,
    since: Instant,
}

const GENERATION_LASTS: Duration = Duration::from_secs(600);
const GENERATION_HOLDS: usize = 10_000;

impl Default for EndedSessions {
    fn default() -> Self {
        let recent = Recent { young: HashMap::new(), old: HashMap::new(), since: Instant::now() };
        EndedSessions {
            recent: Mutex::new(recent),
            any: AtomicBool::new(false),
            changed: watch::Sender::new(()),
        }
    }
}

impl EndedSessions {
    pub(super) fn add(&self, id: SessionId) {
        let now = Instant::now();
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            if recent.young.len() >= GENERATION_HOLDS || now - recent.since > GENERATION_LASTS {
                recent.old = std::mem::take(&mut recent.young);
                recent.since = now;
            }
            recent.young.insert(id, now);
        }
        self.any.store(true, Ordering::Release);
        self.changed.send_replace(());
    }

    /// Returns `true` if the session has ended here since `opened`. A record that was loaded after an end is alive:
    /// it was put into the store again.
    pub(super) fn contains(&self, id: &SessionId, opened: Instant) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.young.get(id).or_else(|| recent.old.get(id)).is_some_and(|ended| *ended >= opened)
    }
}
