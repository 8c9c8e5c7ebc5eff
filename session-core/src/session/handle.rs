//! The handle: one session behind many of them, its flags and its end.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{Flags, Keeper, Rotation, SaveError, State, login};
use crate::formats::codec::Format;
use crate::session::id::SessionId;

/// A handle to the session of one request. Clones are handles to the same session.
///
/// It is a map from text keys to values with the vocabulary of Flask's `session`. No lock is ever
/// handed out: values come back decoded and owned, changes are noted at once and written when the
/// response is ready ([`Manager::close`](crate::session::manager::Manager::close)) or by [`save`](Session::save).
///
/// Every method counts as using the session (Flask's `accessed`, rule L13), so that the response
/// gets `Vary: Cookie`.
///
/// A handle that is dropped by a panic makes the session give up its changes: a handler that panics
/// saves nothing.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    keeper: Arc<dyn Keeper>,
    state: Mutex<State>,
    /// One save at a time; the state itself is never locked across an await.
    saving: tokio::sync::Mutex<()>,
    opened: SystemTime,
    opened_at: Instant,
    /// Microseconds spent in store calls (`session_request_timeout`).
    spent: AtomicU64,
    abandoned: AtomicBool,
    response_begun: AtomicBool,
}

impl Session {
    /// `opened` is one moment, before the record was loaded, by the clock of the sessions and by that
    /// of the deadlines.
    pub(crate) fn new(
        keeper: Arc<dyn Keeper>,
        state: State,
        opened: (SystemTime, Instant),
        spent: Duration,
    ) -> Self {
        let session = Session {
            shared: Arc::new(Shared {
                keeper,
                state: Mutex::new(state),
                saving: tokio::sync::Mutex::new(()),
                opened: opened.0,
                opened_at: opened.1,
                spent: AtomicU64::new(0),
                abandoned: AtomicBool::new(false),
                response_begun: AtomicBool::new(false),
            }),
        };
        session.spend(spent);
        session
    }

    /// How long ago the user who is logged in now did log in, in whole seconds.
    ///
    /// `None` if that is not known: nobody is logged in, no state with a login field was loaded in
    /// this request, or Flask has logged somebody in or changed the user since the last login here.
    pub fn login_age(&self) -> Option<Duration> {
        let now = self.now();
        login::login_age(&self.used(), now)
    }

    /// Gives the session a new id at the next save and ends the old one; the data stays. A session
    /// without data keeps its id (B25, B26). Cookie sessions have none, and nothing happens (A29).
    pub fn regenerate(&self) {
        let mut state = self.used();
        if state.server && !state.is_empty() {
            state.flags.modified = true;
            state.rotate(Rotation::Same);
        }
    }

    /// Ends the session: record and cookie are removed. What is set afterwards is a new session
    /// with an id of its own.
    pub fn destroy(&self) {
        let fresh = self.shared.keeper.fresh();
        self.used().start_anew(fresh);
    }

    /// The session's id; `None` for a session that was never stored and for cookie sessions.
    pub fn id(&self) -> Option<SessionId> {
        self.used().id.clone()
    }

    /// Whether the session was not stored when the request came.
    pub fn is_new(&self) -> bool {
        self.used().flags.new
    }

    /// Whether the session was changed in this request (Flask's `modified`).
    pub fn is_modified(&self) -> bool {
        self.used().flags.modified
    }

    /// Sets Flask's `modified` by hand: `true` sends the cookie again, `false` keeps it from being
    /// sent (A23, B17). As in Flask, a server record is still written then, unless
    /// `session_refresh_each_request` is off or nothing is left in the session (B9, B11).
    pub fn set_modified(&self, modified: bool) {
        self.used().flags.modified = modified;
    }

    /// Writes the changes now instead of when the response is ready.
    ///
    /// # Errors
    ///
    /// As [`Manager::close`](crate::session::manager::Manager::close); the changes stay and are tried again at the close.
    pub async fn save(&self) -> Result<(), SaveError> {
        self.state().flags.accessed = true;
        Arc::clone(&self.shared.keeper).save(self.clone()).await
    }

    /// Returns when the session has ended: logged out, destroyed or expired, here or elsewhere. For
    /// streams and sockets that have to close then.
    ///
    /// An end in this process is told at once, one elsewhere is found by asking the store every
    /// `session_ended_poll`, which does not extend the session's life. Never returns for a session
    /// that is kept in a cookie: nobody can end it.
    pub async fn ended(&self) {
        Arc::clone(&self.shared.keeper).ended(self.clone()).await;
    }

    /// Whether there are changes that no save has written: they are lost if none comes.
    pub fn has_unsaved_changes(&self) -> bool {
        let state = self.state();
        !self.is_abandoned()
            && (state.changes.is_dirty() || state.rotation.is_some() || !state.doomed.is_empty())
    }

    /// Whether somebody else holds this session too.
    #[doc(hidden)]
    pub fn has_other_handles(&self) -> bool {
        Arc::strong_count(&self.shared) > 1
    }

    /// The time as this session sees it: what the request came with, moved on by the time since.
    pub fn now(&self) -> SystemTime {
        crate::formats::time::later(self.shared.opened, self.shared.opened_at.elapsed())
    }

    /// The moment before the record was loaded.
    pub(crate) fn opened_at(&self) -> Instant {
        self.shared.opened_at
    }

    /// Whether a handle was dropped by a panic: the session gives up its changes.
    pub fn is_abandoned(&self) -> bool {
        self.shared.abandoned.load(Ordering::Acquire)
    }

    /// Gives up all changes.
    pub(crate) fn abandon(&self) {
        self.shared.abandoned.store(true, Ordering::Release);
    }

    /// Notes that headers can't be changed any more.
    pub(crate) fn response_begins(&self) {
        self.shared.response_begun.store(true, Ordering::Release);
    }

    pub(crate) fn response_has_begun(&self) -> bool {
        self.shared.response_begun.load(Ordering::Acquire)
    }

    /// The state, without counting as use.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held can't have left the state half changed: every method
        // finishes one change before the next.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn format(&self) -> Format {
        self.state().format()
    }

    /// The state, counting as use (L13).
    pub(super) fn used(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.flags.accessed = true;
        state
    }

    pub(crate) async fn saving(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.saving.lock().await
    }

    /// How long this request's store calls have taken so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_micros(self.shared.spent.load(Ordering::Relaxed))
    }

    /// Begins to count the time of store calls anew.
    pub(crate) fn restart_budget(&self) {
        self.shared.spent.store(0, Ordering::Relaxed);
    }

    pub(crate) fn spend(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.shared.spent.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.abandoned.store(true, Ordering::Release);
        }
    }
}

/// Never shows ids, keys or values.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flags { new, modified, accessed, ended, .. } = self.state().flags;
        f.debug_struct("Session")
            .field("new", &new)
            .field("modified", &modified)
            .field("accessed", &accessed)
            .field("ended", &ended)
            .finish_non_exhaustive()
    }
}
