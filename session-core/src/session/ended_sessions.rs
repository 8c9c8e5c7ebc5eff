//! What this process knows of sessions that have ended, for requests that are still running.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::session::id::SessionId;

/// Ids of sessions that ended here lately, and a signal for those who wait for an end.
///
/// A request looks here when it is done, so an id is kept longer than requests run; what is
/// forgotten costs nothing but a cookie with an id that the store does not know.
pub(super) struct Endings {
    recent: Mutex<Recent>,
    /// How many there are, so that nobody takes the lock to find none.
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

impl Default for Endings {
    fn default() -> Self {
        Endings { recent: Mutex::default(), count: AtomicUsize::new(0), changed: watch::Sender::new(()) }
    }
}

impl Endings {
    /// Notes that nobody can have this session any more.
    pub(super) fn note(&self, id: SessionId) {
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

    /// Whether the session has ended here since `opened`. What was loaded after an end lives: somebody
    /// has put it into the store again.
    pub(super) fn has(&self, id: &SessionId, opened: Instant) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.latest.get(id).is_some_and(|ended| *ended >= opened)
    }

    /// A receiver that is told of every end from here on.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
