//! The sessions of one user, as the application sees and ends them.

use std::fmt;
use std::time::SystemTime;

use super::change::UserList;
use super::enter::Entrant;
use super::find::Found;
use super::label::Label;
use super::list::{Before, Entry};
use super::user_session::UserSession;
use crate::formats::codec::EncodeError;
use crate::formats::id::SessionId;
use crate::formats::value::Value;
use crate::session::events::EndedBy;
use crate::session::manager::{Manager, Server, SessionHome};
use crate::session::{RequestClock, SaveError, Session, login};
use crate::store::Loaded;
use crate::store::client::Budget;

/// All sessions of one user: to show them, and to end them from elsewhere.
///
/// Each call has the time of one request for its store calls (`session_request_timeout`). A session that is ended is
/// deleted: its next request is a visitor's, [`Session::ended`] returns, and a request that is changing it gets a 409.
///
/// ```
/// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
/// // "Log out everywhere else."
/// if let Some(mine) = session.sessions_of_user() {
///     let ended = mine.end_others().await?;
///     println!("{ended} other sessions were ended");
/// }
/// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct UserSessions {
    manager: Manager,
    /// The fingerprint of the login value.
    user: String,
    login_key: Option<&'static str>,
    /// The session that asks, if it is one of them.
    asking: Option<Session>,
    clock: RequestClock,
}

impl Manager {
    /// Returns the sessions of the user with this login value, for a job or an administrator. `now` is moved on by a clock
    /// that nobody sets.
    ///
    /// # Errors
    ///
    /// The format of the sessions can't hold the value.
    pub fn sessions_of(&self, user: &Value, now: SystemTime) -> Result<UserSessions, EncodeError> {
        let format = self.fresh().contents.format();
        // As it is when it comes back from the store.
        let stored = format.decode(&format.encode(user)?).unwrap_or(Value::None);
        Ok(UserSessions {
            manager: self.clone(),
            user: login::fingerprint(format, &stored),
            login_key: self.login_key(),
            asking: None,
            clock: RequestClock::starting(now),
        })
    }
}

impl Session {
    /// Returns all sessions of the user who is logged in; `None` if nobody is.
    ///
    /// What this request has changed and not saved is not among them: a user who has just logged in here is in the list
    /// after [`save`](Self::save).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// assert!(session.sessions_of_user().is_none()); // a visitor
    /// # });
    /// ```
    // Applications have the guard `UserSessions<Visit>`, whose type they can name.
    #[doc(hidden)]
    pub fn sessions_of_user(&self) -> Option<UserSessions> {
        let state = self.used();
        let user = login::user_fingerprint(&state)?;
        Some(UserSessions {
            manager: self.shared.manager.clone(),
            user,
            login_key: state.login_key,
            asking: Some(self.clone()),
            clock: self.shared.clock,
        })
    }
}

impl UserSessions {
    /// Returns the sessions that live, the newest first.
    ///
    /// One round trip for the list, and one for each session, several at a time. Where sessions live in cookies there
    /// are none.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<UserSession>, SaveError> {
        let (Some(server), budget, now) = (self.server(), self.manager.budget(), self.clock.now()) else {
            return Ok(Vec::new());
        };
        let list = self.list_in(server, &budget, now);
        let mut entries = list.load().await?.entries;
        let mut current = self.current(&list, &entries).await?;
        if let (Current::NotEntered(id), Some(session)) = (&current, &self.asking) {
            // Flask-Session has made the session, or a store that forgets has forgotten the list.
            let (text, replaces) = session.state().label();
            let label = Label { text: &text, replaces };
            let entrant = Entrant { id, exists: true, before: Before::default(), label };
            current = match list.enter(&entrant).await? {
                true => Current::Entered(id.clone()),
                false => Current::Ended,
            };
            entries = list.load().await?.entries;
        }
        let found = list.find(&entries).await?;
        let gone: Vec<SessionId> =
            found.iter().filter(|found| found.is_gone()).map(|found| found.id.clone()).collect();
        list.leave(&gone).await;
        let shown = entries.iter().rev().filter_map(|entry| {
            let session = found.iter().filter(|found| entry.has(&found.id)).find_map(Found::session)?;
            let last_seen = self.last_seen(server, session, now);
            Some(UserSession::new(entry, last_seen, now, current.is_in(entry)))
        });
        Ok(shown.collect())
    }

    /// Ends the session of this handle. `false` if there is none, or if it has ended already.
    ///
    /// # Errors
    ///
    /// The store failed; the session may have ended or not.
    pub async fn end(&self, handle: &str) -> Result<bool, SaveError> {
        Ok(self.end_meant(Meant::One(handle)).await? > 0)
    }

    /// Ends all sessions but the one that asks, and returns how many were ended. All of them, if no session of the user
    /// asks.
    ///
    /// # Errors
    ///
    /// [`SaveError::Ended`] if the session that asks has ended itself. Otherwise the store failed, and some may have ended.
    pub async fn end_others(&self) -> Result<usize, SaveError> {
        self.end_meant(Meant::Others).await
    }

    /// Ends all sessions, and returns how many were ended. A log-in that is under way is refused
    /// ([`SaveError::Ended`]), or is in the list afterwards; one that comes later is not concerned.
    ///
    /// # Errors
    ///
    /// The store failed; some may have ended.
    pub async fn end_all(&self) -> Result<usize, SaveError> {
        self.end_meant(Meant::All).await
    }

    async fn end_meant(&self, meant: Meant<'_>) -> Result<usize, SaveError> {
        let (Some(server), budget) = (self.server(), self.manager.budget()) else { return Ok(0) };
        let list = self.list_in(server, &budget, self.clock.now());
        let entries = list.load().await?.entries;
        // What is not in it any more may have been ended by somebody else just now.
        server.store.note_removal(&budget);
        let current = self.current(&list, &entries).await?;
        let is_meant = |entry: &Entry| match meant {
            Meant::One(handle) => entry.handle == handle,
            Meant::Others => !current.is_in(entry),
            Meant::All => true,
        };
        if let (Meant::Others, Current::Ended) = (meant, &current) {
            return Err(SaveError::Ended);
        }
        let ends_current = entries.iter().any(|entry| current.is_in(entry) && is_meant(entry));
        let ended = list.end(entries, is_meant, EndedBy::Elsewhere).await?;
        if let Some(session) = self.asking.as_ref().filter(|_| ends_current) {
            session.state().ended_here(self.manager.fresh());
        }
        server.store.removals_seen(&budget).await;
        Ok(ended)
    }

    fn server(&self) -> Option<&Server> {
        match self.manager.home() {
            SessionHome::Cookie(_) => None,
            SessionHome::Server(server) => Some(server),
        }
    }

    fn list_in<'a>(&'a self, server: &'a Server, budget: &'a Budget, now: SystemTime) -> UserList<'a> {
        let UserSessions { manager, user, login_key, .. } = self;
        UserList { manager, server, user, login_key: *login_key, now, budget }
    }

    /// Finds the session that asks among these.
    async fn current(&self, list: &UserList<'_>, entries: &[Entry]) -> Result<Current, SaveError> {
        let Some(id) = self.asking_id() else { return Ok(Current::None) };
        let is_entered = |id: &SessionId| entries.iter().any(|entry| entry.has(id));
        if is_entered(&id) {
            return Ok(Current::Entered(id));
        }
        if list.has(&id).await? {
            return Ok(Current::NotEntered(id));
        }
        // Another request may have given it a new id since, as where a stream asks.
        let living = self.manager.living_successor(list.server, &id, list.now, list.budget).await?;
        Ok(match living.filter(|living| living.is_same_session) {
            Some(living) if is_entered(&living.id) => Current::Entered(living.id),
            Some(living) => Current::NotEntered(living.id),
            None => Current::Ended,
        })
    }

    /// The id of the session that asks, as it was loaded or last saved.
    fn asking_id(&self) -> Option<SessionId> {
        let session = self.asking.as_ref()?;
        let state = session.state();
        let is_theirs = self.manager.listed_user(&state.contents.record, state.login_key)? == self.user;
        state.identity.id().filter(|_| is_theirs).cloned()
    }

    /// Returns when the life of a session was last extended, as its end tells.
    fn last_seen(&self, server: &Server, loaded: &Loaded, now: SystemTime) -> Option<SystemTime> {
        let record = server.session_in(loaded)?;
        let term = self.manager.refresh().term_of(&record, self.login_key, now);
        loaded.expires.filter(|end| Some(*end) != term.until)?.checked_sub(term.lifetime)
    }
}

/// Shows nothing of the user.
impl fmt::Debug for UserSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSessions").finish_non_exhaustive()
    }
}

/// The session that asks.
enum Current {
    /// None of the user's asks.
    None,
    Entered(SessionId),
    /// It lives, and is not in the list.
    NotEntered(SessionId),
    /// It has ended since it was loaded.
    Ended,
}

impl Current {
    fn is_in(&self, entry: &Entry) -> bool {
        matches!(self, Current::Entered(id) if entry.has(id))
    }
}

/// The sessions that are to end.
#[derive(Clone, Copy)]
enum Meant<'a> {
    One(&'a str),
    Others,
    All,
}
