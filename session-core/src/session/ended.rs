//! The end of a session: waiting for it, and remembering it for requests that are still running.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::Session;
use super::manager::{Manager, Server, SessionHome};
use super::successor::NoteReason;
use crate::formats::id::SessionId;
use crate::store::{Hints, Loaded, Watcher};

/// However many hints come, the store is not asked again sooner.
const HINTS_APART: Duration = Duration::from_millis(10);

impl Manager {
    /// Returns when the session has ended: destroyed, logged out or expired, here or elsewhere. A session that gets a new
    /// id has not ended.
    pub(super) async fn ended(&self, session: &Session) {
        let SessionHome::Server(server) = self.home() else {
            // Nobody can end a cookie.
            return std::future::pending().await;
        };
        let mut own = session.watched_id();
        // Another wait for the same end may have followed the session already, and have asked the store just now.
        let mut watched = session.state().identity.id_to_watch(own.as_ref());
        loop {
            let poll = self.config().session_ended_poll;
            match &watched {
                // It is stored nowhere yet.
                None if session.state().identity.ended => return,
                None => tokio::time::sleep(poll).await,
                Some(id) => {
                    // Waiting begins before the question, so that no end is missed in between.
                    let waiter = server.ended.wait_for(id);
                    let told = waiter.told();
                    tokio::pin!(told);
                    told.as_mut().enable();
                    let mut hints = self.hints(server, session, id);
                    match self.fate(server, session, id, &hints).await {
                        // The request itself may have given the session a new id meanwhile.
                        _ if session.watched_id() != own => {}
                        Fate::Ended => return,
                        Fate::Renewed(next) => {
                            session.state().identity.follow(own.clone(), next.clone());
                            watched = Some(next);
                            continue;
                        }
                        // Told or not, it is asked again.
                        Fate::Alive => {
                            let asked = session.state().identity.asked_store;
                            let left = asked.map_or(poll, |asked| poll.saturating_sub(asked.elapsed()));
                            let hinted = hint_after(asked.unwrap_or_else(Instant::now), &mut hints);
                            tokio::select! {
                                _ = timeout(left, told) => {}
                                () = hinted => {}
                            }
                        }
                    }
                }
            }
            let now = session.watched_id();
            if now != own {
                session.state().identity.asked_store = None;
                (own, watched) = (now.clone(), now);
            }
        }
    }

    /// Returns what the store says of an id, from the session's first wait for its end on.
    fn hints(&self, server: &Server, session: &Session, id: &SessionId) -> Hints {
        let (watcher, hints) = {
            let watched = &mut session.state().identity.hints;
            match watched {
                Some((watched, hints)) if watched == id => return hints.clone(),
                _ => {}
            }
            let (watcher, hints) = Watcher::new();
            *watched = Some((id.clone(), hints.clone()));
            (watcher, hints)
        };
        server.store.watch(&self.store_key(id), watcher);
        hints
    }

    /// Asks the store, without extending the session's life: waiting is not a use.
    async fn fate(&self, server: &Server, session: &Session, id: &SessionId, hints: &Hints) -> Fate {
        if session.state().identity.ended {
            return Fate::Ended;
        }
        if let Some(known) = server.ended.fate(id, session.shared.clock.at) {
            return known;
        }
        {
            let asked = &mut session.state().identity.asked_store;
            let poll = self.config().session_ended_poll;
            let is_due = |asked: Instant| {
                let ago = asked.elapsed();
                ago >= poll || ago >= HINTS_APART && hints.any_since(asked)
            };
            if asked.is_some_and(|asked| !is_due(asked)) {
                return Fate::Alive;
            }
            *asked = Some(Instant::now());
        }
        let (budget, now) = (self.budget(), session.now());
        match server.load(&budget, now, &self.store_key(id)).await {
            Ok(None) => {}
            Ok(Some(loaded)) if self.is_over(server, &loaded, now) => return Fate::Ended,
            // A store that fails says nothing about the session.
            Ok(Some(_)) | Err(_) => return Fate::Alive,
        }
        match self.successor_of(server, id, now, &budget).await {
            Ok(Some((successor, _))) if successor.reason != NoteReason::OtherUser => {
                Fate::Renewed(successor.id)
            }
            Ok(_) => Fate::Ended,
            Err(_) => Fate::Alive,
        }
    }

    /// Tells whether the absolute lifetime of a stored session has passed.
    fn is_over(&self, server: &Server, loaded: &Loaded, now: SystemTime) -> bool {
        let rule = self.refresh();
        rule.absolute.is_some()
            && loaded.record(server.format).is_ok_and(|record| {
                record.is_some_and(|record| rule.term_of(&record, self.login_key(), now).is_over(now))
            })
    }
}

/// Returns when the store has given a hint since it was asked, and may be asked again.
async fn hint_after(asked: Instant, hints: &mut Hints) {
    if !hints.wait(asked).await {
        std::future::pending::<()>().await;
    }
    sleep_until(asked + HINTS_APART).await;
}

/// What is known of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Alive,
    Ended,
    /// The session lives under this id.
    Renewed(SessionId),
}

/// The ids that this process ended or renewed lately, and those who wait for that.
///
/// A request looks here when it is done, so an id is kept longer than requests run. An id that is forgotten too
/// early costs nothing but a cookie with an id that the store does not know.
pub(super) struct EndedSessions {
    recent: Mutex<Recent>,
    /// `true` from the first end on: nobody takes the lock to find none.
    any: AtomicBool,
    /// Only those who wait for an id are woken by its end, however many wait for others.
    waiting: Mutex<HashMap<SessionId, Arc<Notify>>>,
}

/// The latest end of each id, in two generations: the old one is forgotten when the young one becomes it.
struct Recent {
    young: HashMap<SessionId, End>,
    old: HashMap<SessionId, End>,
    since: Instant,
}

/// The end of an id: when, and the id that came after it.
struct End {
    at: Instant,
    successor: Option<SessionId>,
}

const GENERATION_LASTS: Duration = Duration::from_secs(600);
const GENERATION_HOLDS: usize = 10_000;

impl Default for EndedSessions {
    fn default() -> Self {
        let recent = Recent { young: HashMap::new(), old: HashMap::new(), since: Instant::now() };
        EndedSessions {
            recent: Mutex::new(recent),
            any: AtomicBool::new(false),
            waiting: Mutex::new(HashMap::new()),
        }
    }
}

impl EndedSessions {
    pub(super) fn add(&self, id: SessionId) {
        self.note(id, None);
    }

    pub(super) fn add_renewed(&self, id: SessionId, successor: SessionId) {
        self.note(id, Some(successor));
    }

    fn note(&self, id: SessionId, successor: Option<SessionId>) {
        let end = End { at: Instant::now(), successor };
        {
            let mut recent = lock(&self.recent);
            if recent.young.len() >= GENERATION_HOLDS || end.at - recent.since > GENERATION_LASTS {
                recent.old = std::mem::take(&mut recent.young);
                recent.since = end.at;
            }
            recent.young.insert(id.clone(), end);
        }
        self.any.store(true, Ordering::Release);
        if let Some(waiting) = lock(&self.waiting).get(&id) {
            waiting.notify_waiters();
        }
    }

    /// Returns `true` if the id was ended or renewed here since `opened`. A record that was loaded after an end is
    /// alive: it was put into the store again.
    pub(super) fn knows(&self, id: &SessionId, opened: Instant) -> bool {
        self.fate(id, opened).is_some()
    }

    fn fate(&self, id: &SessionId, opened: Instant) -> Option<Fate> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let recent = lock(&self.recent);
        let end = recent.young.get(id).or_else(|| recent.old.get(id)).filter(|end| end.at >= opened)?;
        Some(end.successor.clone().map_or(Fate::Ended, Fate::Renewed))
    }

    fn wait_for(&self, id: &SessionId) -> Waiter<'_> {
        let notify = Arc::clone(lock(&self.waiting).entry(id.clone()).or_default());
        Waiter { sessions: self, id: id.clone(), notify }
    }
}

/// One who waits for the end of an id. An id that nobody waits for takes no memory.
struct Waiter<'a> {
    sessions: &'a EndedSessions,
    id: SessionId,
    notify: Arc<Notify>,
}

impl Waiter<'_> {
    fn told(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.sessions.waiting);
        // Nobody can get hold of it while the map is locked: one beside the map's is that of this waiter.
        if waiting.get(&self.id).is_some_and(|notify| Arc::strong_count(notify) <= 2) {
            waiting.remove(&self.id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
