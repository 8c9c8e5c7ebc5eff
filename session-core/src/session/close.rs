//! Closing: from a session to the response's `Set-Cookie`.

use std::borrow::Cow;
use std::time::SystemTime;

use super::manager::{Manager, SessionHome};
use super::outcome::CookieChange;
use super::state::State;
use super::{SaveError, Session};

/// The headers that a response needs after its session was closed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// The `Set-Cookie` header to add, if any.
    pub set_cookie: Option<String>,
    /// The `Set-Cookie` header of Flask-Login's remember-me cookie to add, if any.
    pub remember_cookie: Option<String>,
    /// `true` if `set_cookie` extends the life of a cookie that the browser has, and says nothing new.
    pub only_extends: bool,
    /// `true` if the response depends on the session: it needs `Vary: Cookie`.
    pub vary_cookie: bool,
}

impl Manager {
    /// Ends a request's use of the session: writes the changes and decides what becomes of the cookie.
    ///
    /// Unchanged data is not written. The life of the record, and of a permanent session's cookie, is extended if that is
    /// due; otherwise a cookie is sent only if it is another than the browser has.
    ///
    /// A session that was abandoned by a panic is not written, and its cookie stays as it is, unless an earlier save has
    /// given it a new id.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. Then the cookie is that of the last save that succeeded, if it
    /// [has to be sent](Manager::acknowledged_cookie). If the store failed, the write may or may not have happened.
    pub async fn close(&self, session: &Session, now: SystemTime) -> Result<Closed, SaveError> {
        match self.close_now(session, now) {
            Some(closed) => closed,
            None => self.save_and_close(session, now).await,
        }
    }

    /// As [`close`](Manager::close) for a session that needs no store. Otherwise does nothing and returns `None`:
    /// then [`save_and_close`](Manager::save_and_close) has to follow.
    pub fn close_now(&self, session: &Session, now: SystemTime) -> Option<Result<Closed, SaveError>> {
        if session.is_abandoned() {
            let set_cookie = self.acknowledged_cookie(session, now);
            let vary_cookie = set_cookie.is_some() || session.state().flags.accessed;
            return Some(Ok(Closed { set_cookie, vary_cookie, ..Closed::default() }));
        }
        let mut state = session.state();
        state.settle_cookie(self, now);
        if !self.is_cookie_store() {
            state.date(self.refresh(), now);
            let must_be_entered = || self.is_listed() && self.must_be_entered(&state, now).is_some();
            if state.has_to_be_written(self.refresh(), now) || must_be_entered() {
                return None;
            }
            state.mark_saved();
        }
        session.note_response();
        let closed = self.headers(session, &mut state, now);
        drop(state);
        Some(self.finish(session, closed, now))
    }

    /// Saves a session in the store and closes it.
    ///
    /// # Errors
    ///
    /// As [`close`](Manager::close).
    pub async fn save_and_close(&self, session: &Session, now: SystemTime) -> Result<Closed, SaveError> {
        // Another save may neither give the session a new id between the write and the headers, nor be on its way.
        let _one_save_at_a_time = session.shared.saving.lock().await;
        let written = self.write(session, now).await;
        if let SessionHome::Server(server) = self.home() {
            server.store.removals_seen(&session.shared.budget).await;
        }
        let mut state = session.state();
        session.note_response();
        let closed = written.and_then(|()| self.headers(session, &mut state, now));
        drop(state);
        self.finish(session, closed, now)
    }

    /// Returns the cookie for the answer of a request that failed after a save had given the session a new id: the
    /// browser's id is dead, and the data that the save has acknowledged would be lost with it.
    pub fn acknowledged_cookie(&self, session: &Session, now: SystemTime) -> Option<String> {
        let SessionHome::Server(server) = self.home() else { return None };
        let state = session.state();
        let id = state.identity.id().filter(|_| state.identity.unsent && state.identity.renewed.is_none())?;
        if server.ended.knows(id, session.shared.clock.at) {
            return None;
        }
        let term = self.refresh().term_of(&state.contents.record, state.login_key, now);
        let lasts = term.is_own || state.saved_as_permanent();
        self.set_cookie(&state, lasts.then(|| term.end(now)), now).ok().flatten()
    }

    /// Makes the headers, when the store has everything.
    fn headers(&self, session: &Session, state: &mut State, now: SystemTime) -> Result<Closed, SaveError> {
        if self.is_cookie_store() {
            state.date(self.refresh(), now);
            state.identity.extended = self.refresh().each_use && state.is_due(self.refresh(), now);
        }
        let mut change = state.cookie_change(self.refresh());
        let ended = match self.home() {
            SessionHome::Cookie(_) => {
                if change != CookieChange::Keep {
                    state.contents.check_encoded()?;
                }
                // The cookie that is made here is the save.
                state.mark_saved();
                false
            }
            SessionHome::Server(server) => {
                state.identity.id().is_some_and(|id| server.ended.knows(id, session.shared.clock.at))
            }
        };
        let set_cookie = match change {
            // Another request has ended the session or given it a new id: this one is dead.
            _ if ended => None,
            CookieChange::Keep => None,
            CookieChange::Delete => Some(self.cookie().delete()),
            CookieChange::Send { .. } => match self.cookie_of(state, now) {
                Err(SaveError::CookieTooLarge { .. }) if state.drop_seals() => {
                    change = state.cookie_change(self.refresh());
                    let is_sent = matches!(change, CookieChange::Send { .. });
                    if is_sent { self.cookie_of(state, now)? } else { None }
                }
                made => made?,
            },
        };
        if change != CookieChange::Keep
            && let Some(told) = self.told_of_cookie(state, change, now)
        {
            self.events().tell(told);
        }
        // What is saved after the answer, as by a stream, may be due to be extended again. The cookie does not follow.
        state.identity.extended = false;
        // A log-out that has been faster has deleted it.
        let remember_cookie = state.take_cookie_line().filter(|_| !ended);
        let vary_cookie = state.flags.accessed || set_cookie.is_some() || remember_cookie.is_some();
        let only_extends = matches!(change, CookieChange::Send { news: false });
        Ok(Closed { set_cookie, remember_cookie, only_extends, vary_cookie })
    }

    fn cookie_of(&self, state: &State, now: SystemTime) -> Result<Option<String>, SaveError> {
        self.set_cookie(state, state.cookie_end(self.refresh(), now), now)
    }

    /// Makes the cookie; `None` for a session without an id, which Flask's `modified = False` kept from being written.
    fn set_cookie(
        &self,
        state: &State,
        expires: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<Option<String>, SaveError> {
        let value = match self.home() {
            SessionHome::Cookie(signer) => {
                let signed = signer.sign(&state.contents.encoded(), now);
                Cow::Owned(signed.map_err(|error| SaveError::unreadable(error, state.contents.largest()))?)
            }
            SessionHome::Server(server) => match (state.identity.id(), &server.signer) {
                (Some(id), Some(signer)) => Cow::Owned(signer.sign(id.as_str())),
                (Some(id), None) => Cow::Borrowed(id.as_str()),
                (None, _) => return Ok(None),
            },
        };
        let set_cookie = self.cookie().set(&value, expires);
        // Browsers drop a cookie that is too long without a word.
        let (bytes, limit) = (set_cookie.len(), self.config().max_cookie_size);
        if limit != 0 && bytes > limit {
            return Err(SaveError::CookieTooLarge { bytes, limit, largest: state.contents.largest() });
        }
        Ok(Some(set_cookie))
    }

    /// If the response is an error, nothing of this request may be saved later.
    fn finish(
        &self,
        session: &Session,
        closed: Result<Closed, SaveError>,
        now: SystemTime,
    ) -> Result<Closed, SaveError> {
        if let Err(error) = &closed {
            self.tell_of_failure(session, error, now);
            session.abandon();
        }
        closed
    }
}
