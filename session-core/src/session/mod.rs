//! Sessions: the handle that a request has, and the life cycle from cookie to cookie.

mod changes;
mod close;
mod contents;
mod cookie_watch;
mod create;
mod cross_origin;
mod current;
#[doc(hidden)]
pub mod doc_examples;
mod draft;
mod ended;
mod error;
pub mod events;
mod extend;
pub mod fields;
mod flash;
mod following;
mod identity;
pub mod layout;
mod lifetime;
mod listed;
mod login;
pub mod manager;
mod map;
pub mod merge;
mod new_id;
mod open;
mod outcome;
mod owner;
mod purge;
mod quoted_key;
mod refresh;
mod remembered;
#[cfg(feature = "rocket")]
mod responder;
mod returning;
mod save;
mod seal;
mod stamp;
mod state;
mod successor;
mod telling;
mod term;

pub use changes::FieldRule;
pub use cross_origin::{Refusal, cross_origin, is_trusted};
pub use error::{FieldError, SaveError};
pub use flash::Flash;
pub use lifetime::LifetimeTooShort;
pub use listed::{UserSession, UserSessions};

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use self::identity::RotationReason;
use self::manager::Manager;
use self::state::{Flags, Kind, State};
use crate::formats::codec::Format;
use crate::formats::id::SessionId;
use crate::store::client::Budget;

/// A handle to the session of one request. Clones are handles to the same session.
///
/// It is a map from text keys to values with the vocabulary of Flask's `session`. No lock is ever
/// handed out: values are decoded and owned. Changes are kept in the session, and written when the
/// response is ready or by [`save`](#method.save).
///
/// Every method counts as a use of the session (Flask's `accessed`): the response gets `Vary: Cookie`.
///
/// A handler that panics saves nothing: if a handle is dropped by a panic, the session gives up its changes. Where no
/// handle is left, such as in a template that is rendered after the handler has returned, a panic changes nothing.
///
/// ```
/// # rocket_session_state_core::session::doc_examples::with_session(|session| {
/// let views = session.get::<u32>("views")?.unwrap_or(0) + 1;
/// session.set("views", &views);
/// assert!(session.is_modified());
/// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    manager: Manager,
    state: Mutex<State>,
    /// One save at a time; the state itself is never locked across an await.
    saving: tokio::sync::Mutex<()>,
    clock: RequestClock,
    /// The request's time for store calls.
    budget: Budget,
    abandoned: AtomicBool,
    response_begun: AtomicBool,
}

/// The time of one request: given when it came, moved on by a clock that nobody sets.
#[derive(Debug, Clone, Copy)]
struct RequestClock {
    given: SystemTime,
    /// The moment before the record was loaded.
    at: Instant,
}

impl RequestClock {
    fn starting(now: SystemTime) -> Self {
        RequestClock { given: now, at: Instant::now() }
    }

    fn now(&self) -> SystemTime {
        crate::formats::time::later(self.given, self.at.elapsed())
    }
}

impl Session {
    /// `clock` was started before the record was loaded, and `budget` was used for loading it.
    fn new(manager: Manager, state: State, clock: RequestClock, budget: Budget) -> Self {
        Session {
            shared: Arc::new(Shared {
                manager,
                state: Mutex::new(state),
                saving: tokio::sync::Mutex::new(()),
                clock,
                budget,
                abandoned: AtomicBool::new(false),
                response_begun: AtomicBool::new(false),
            }),
        }
    }

    /// Returns how long ago the current user logged in, in whole seconds.
    ///
    /// `None` if that is not known: nobody is logged in, no state of the application has a login field, a Flask process
    /// without the companion has logged a user in or changed the user since the last login, or the time is more than five minutes ahead of
    /// this machine's clock. A guard asks for a recent login with `#[require_session(…, fresh = "10 minutes")]`.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// let since = match session.login_age() {
    ///     Some(age) => format!("you logged in {} minutes ago", age.as_secs() / 60),
    ///     None => "you are not logged in, or nobody knows since when".to_owned(),
    /// };
    /// # assert!(since.starts_with("you are not"));
    /// # });
    /// ```
    pub fn login_age(&self) -> Option<Duration> {
        let now = self.now();
        login::login_age(&self.used(), now)
    }

    /// Gives the session a new id at the next save and ends the old one; the data stays.
    ///
    /// Writing the login field of a state does this by itself: call it at other changes of rights. It may be called
    /// before or after other changes: what counts is what is left at the save, and a session that is empty then is
    /// stored nowhere. A session in a cookie has no id, and nothing happens.
    ///
    /// A request with the old id that is running then has its changes merged into the session under the new one. One
    /// that comes later, within `session_successor_seconds`, reads as a new visitor: its changes are not kept
    /// ([`SaveError::Renewed`]), and its answer sets no session cookie. Logging out or [`destroy`](Self::destroy) with the
    /// old id ends the session.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("role", "admin");
    /// session.regenerate();
    /// assert!(session.contains("role"));
    /// # });
    /// ```
    pub fn regenerate(&self) {
        let mut state = self.used();
        if state.kind == Kind::Server {
            // As in Flask-Session, an empty session has nothing to send a cookie for. It may be filled later.
            state.flags.modified |= !state.is_empty();
            state.rotate(RotationReason::Renewal);
        }
    }

    /// Ends the session: its record and its cookie are removed, also if another request has given it a new id meanwhile.
    /// Values that are set afterwards belong to a new session with an id of its own.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("cart", &["tea"]);
    /// session.destroy();
    /// assert!(session.is_empty());
    /// # });
    /// ```
    pub fn destroy(&self) {
        let fresh = self.shared.manager.fresh();
        self.used().reset(fresh);
    }

    /// Returns the session's id; `None` for a session that is not stored and for sessions in cookies.
    ///
    /// Anyone who has an id is logged in as its user: keep it out of logs and pages. [`SessionId`]'s `Debug`
    /// does not show it.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
    /// use std::hash::{BuildHasher, RandomState};
    ///
    /// assert!(session.id().is_none());
    /// session.set("cart", &["tea"]);
    /// session.save().await?;
    /// // Files of one session get names that nobody else can guess, and that tell nothing of the id.
    /// let key_of_upload = session.id().map(|id| RandomState::new().hash_one(id));
    /// assert!(key_of_upload.is_some());
    /// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
    /// ```
    pub fn id(&self) -> Option<SessionId> {
        self.used().identity.id().cloned()
    }

    /// Returns `true` if the session was not stored when the request came (Flask's `new`).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// let greeting = if session.is_new() { "hello, stranger" } else { "welcome back" };
    /// # assert_eq!(greeting, "hello, stranger");
    /// # });
    /// ```
    pub fn is_new(&self) -> bool {
        self.used().flags.new
    }

    /// Returns `true` if the session was changed in this request (Flask's `modified`).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// assert!(!session.is_modified());
    /// session.set("colour", "red");
    /// assert!(session.is_modified());
    /// # });
    /// ```
    pub fn is_modified(&self) -> bool {
        self.used().flags.modified
    }

    /// Sets Flask's `modified` by hand: `true` sends a cookie that holds the session again, `false` keeps it from being
    /// sent.
    ///
    /// The cookie of a session in a store says nothing of its data, so it is not sent for a change: only if the browser
    /// has another one, or its life is extended. With `session_refresh_after = 0`, Flask's way, `true` sends it too.
    ///
    /// As in Flask, `false` does not keep the changes from being written to a store, unless
    /// `session_refresh_each_request` is off or the session has become empty.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set_modified(true); // a cookie that holds the session is sent again, though nothing has changed
    /// assert!(session.is_modified());
    /// # });
    /// ```
    pub fn set_modified(&self, modified: bool) {
        self.used().flags.modified = modified;
    }

    /// Writes the changes now instead of when the response is ready.
    ///
    /// For handlers whose answer depends on the outcome: `session.save().await?` answers 503 or 409 if it fails.
    /// After the response has begun, as in a stream or a socket, this is the only way to save a change.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
    /// session.set("progress", &50);
    /// session.save().await?;
    /// assert!(!session.has_unsaved_changes());
    /// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. The changes stay, and the response tries again to save them; unless it is not known whether
    /// they were written ([`StoreError::wrote_nothing`](crate::store::StoreError::wrote_nothing)), or this future was
    /// dropped while the store worked. Then the session writes nothing more, and the response is a 503.
    pub async fn save(&self) -> Result<(), SaveError> {
        drop(self.used());
        self.shared.manager.save(self).await
    }

    /// Returns when the session has ended: logged out, destroyed or expired, here or elsewhere, or when it has become
    /// another user's. Streams and sockets wait for it in order to close then. A session that gets a new id, as by
    /// [`regenerate`](Self::regenerate) or when its visitor logs in, has not ended, and is waited for under that one.
    ///
    /// An end in this process is noticed at once. So is one elsewhere if the store tells of it, as Redis does; otherwise it
    /// is found by asking the store every `session_ended_poll`, which does not extend the session's life. For a session in a cookie this never
    /// returns: nobody can end it.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
    /// # use tokio::{select, time::{Duration, interval}};
    /// # let watched = session.clone();
    /// # session.set("cart", &["tea"]);
    /// # session.save().await?;
    /// # session.destroy();
    /// # session.save().await?;
    /// # let session = watched;
    /// let mut seconds = interval(Duration::from_secs(1));
    /// loop {
    ///     select! {
    ///         () = session.ended() => break,
    ///         _ = seconds.tick() => println!("still logged in"), // or `yield` an event of a stream
    ///     }
    /// }
    /// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
    /// ```
    pub async fn ended(&self) {
        self.shared.manager.ended(self).await;
    }

    /// Returns `true` if there are changes that no save has written. They are lost if none comes.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
    /// session.set("progress", &50);
    /// if session.has_unsaved_changes() {
    ///     session.save().await?;
    /// }
    /// assert!(!session.has_unsaved_changes());
    /// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
    /// ```
    pub fn has_unsaved_changes(&self) -> bool {
        !self.is_abandoned() && self.state().is_unsaved()
    }

    /// Returns `true` if there are other handles to this session.
    #[doc(hidden)]
    pub fn has_other_handles(&self) -> bool {
        Arc::strong_count(&self.shared) > 1
    }

    /// Returns the time of the session's clock: the time that came with the request, moved on since.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// use rocket_session_state::value::DateTime;
    ///
    /// session.set("last_visit", &DateTime::from(session.now()));
    /// assert!(session.get::<DateTime>("last_visit")?.is_some());
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    /// Returns `true` if a handle was dropped by a panic: then the session has given up its changes.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// let task = { let session = session.clone(); move || { let _session = session; panic!("a mistake") } };
    /// std::thread::spawn(task).join().unwrap_err();
    /// assert!(session.is_abandoned());
    /// # });
    /// ```
    pub fn is_abandoned(&self) -> bool {
        self.shared.abandoned.load(Ordering::Acquire)
    }

    /// Names the key that says who is logged in, for a state that the launch of the application has not seen.
    #[doc(hidden)]
    pub fn declare_login(&self, key: &'static str) {
        self.state().login_key.get_or_insert(key);
    }

    /// The id whose end is the end of this session: its own, or the one that another request has renewed.
    fn watched_id(&self) -> Option<SessionId> {
        let state = self.state();
        state.identity.id().or(state.identity.renewed.as_ref()).cloned()
    }

    fn format(&self) -> Format {
        self.state().contents.format()
    }

    /// Keeps the life of the session as it is, for an answer that can't carry the cookie that would follow.
    #[doc(hidden)]
    pub fn keep_life(&self) {
        self.state().identity.keeps_life = true;
    }

    /// Gives up all changes.
    #[doc(hidden)]
    pub fn abandon(&self) {
        self.shared.abandoned.store(true, Ordering::Release);
    }

    /// Notes that headers can't be changed any more.
    fn note_response(&self) {
        self.shared.response_begun.store(true, Ordering::Release);
    }

    fn response_has_begun(&self) -> bool {
        self.shared.response_begun.load(Ordering::Acquire)
    }

    /// The state, without counting as use.
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held can't have left the state half changed: every method
        // finishes one change before the next.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, counting as use.
    fn used(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.flags.accessed = true;
        state
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abandon();
        }
    }
}

/// Never shows ids, keys or values.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Flags { new, modified, accessed }, ended) = {
            let state = self.state();
            (state.flags, state.identity.ended)
        };
        f.debug_struct("Session")
            .field("new", &new)
            .field("modified", &modified)
            .field("accessed", &accessed)
            .field("ended", &ended)
            .finish_non_exhaustive()
    }
}
