//! The end of a session: waiting for it, and remembering it for requests that are still running.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Session;
use super::manager::{Backend, Manager, Server};
use crate::formats::id::SessionId;

impl Manager {
    /// Returns when the session has ended: destroyed, logged out or expired, here or elsewhere.
    pub(super) async fn ended(&self, session: &Session) {
        let Backend::Server(server) = self.backend() else {
            // Nobody can end a cookie.
            return std::future::pending().await;
        };
        let mut ends = server.ended.watch();
        loop {
            if self.has_ended(server, session).await {
                return;
            }
            let poll = tokio::time::sleep(self.config().session_ended_poll);
            tokio::pin!(poll);
            loop {
                tokio::select! {
                    () = &mut poll => break,
                    changed = ends.changed() => {
                        if changed.is_err() || server.knows_end_of(session) {
                            return;
                        }
                    }
                }
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
        identity.has_ended() || identity.id().is_some_and(|id| self.ended.contains(id, session.opened_at()))
    }
}

/// The ids of sessions that this process ended lately, and a signal for those who wait for an end.
///
/// A request looks here when it is done, so an id is kept longer than requests run. An id that is forgotten too
/// early costs nothing but a cookie with an id that the store does not know.
pub(super) struct EndedSessions {
    recent: Mutex<Recent>,
    /// The number of ids, so that nobody takes the lock to find none.
    count: AtomicUsize,
    changed: watch::Sender<()>,
}

/// The ends in their order, and the latest of each id.
#[derive(Default)]
struct Recent {
    order: VecDeque<(Instant, SessionId)>,
    latest: HashMap<SessionId, Instant>,
}

const KEPT_FOR: Duration = Duration::from_secs(600);
const KEPT_AT_MOST: usize = 10_000;

impl Default for EndedSessions {
    fn default() -> Self {
        EndedSessions {
            recent: Mutex::default(),
            count: AtomicUsize::new(0),
            changed: watch::Sender::new(()),
        }
    }
}

impl EndedSessions {
    pub(super) fn add(&self, id: SessionId) {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let Recent { order, latest } = &mut *recent;
        while let Some((ended, oldest)) = order.front()
            && (order.len() >= KEPT_AT_MOST || now.duration_since(*ended) > KEPT_FOR)
        {
            if latest.get(oldest) == Some(ended) {
                latest.remove(oldest);
            }
            order.pop_front();
        }
        latest.insert(id.clone(), now);
        order.push_back((now, id));
        self.count.store(order.len(), Ordering::Release);
        drop(recent);
        self.changed.send_replace(());
    }

    /// Whether the session has ended here since `opened`. A record that was loaded after an end is alive: it was put
    /// into the store again.
    pub(super) fn contains(&self, id: &SessionId, opened: Instant) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.latest.get(id).is_some_and(|ended| *ended >= opened)
    }

    /// Returns a receiver that is told of every end from now on.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
