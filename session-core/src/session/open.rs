//! Opening: from a cookie to a session.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::cookie_watch::Unusable;
use super::events::{EndedBy, EventKind, Happening};
use super::extend::Extended;
use super::identity::{Identity, StoredRecord};
use super::manager::{Manager, Server, SessionHome};
use super::save::level;
use super::state::{Kind, State};
use super::term::Term;
use super::{RequestClock, Session};
use crate::error_chain::Chain;
use crate::formats::codec::{DecodeError, Format, Record};
use crate::formats::id::SessionId;
use crate::formats::signing::{CookieSigner, Invalid, Verified};
use crate::formats::time::{later, unix_seconds};
use crate::store::client::Budget;
use crate::store::{Loaded, StoreError};

impl Manager {
    /// Opens the session that belongs to a request's cookie; a new one if there is none.
    ///
    /// `cookie` is the raw value of the first cookie with the configured name. A cookie that is absent,
    /// malformed, badly signed or too old costs no store access and is a new session. An id that the store
    /// does not know is a new session too: it is never adopted. If another request has renewed it lately, the new session
    /// sends no cookie, and what it changes is not kept ([`SaveError::Renewed`](super::SaveError::Renewed)). A record or
    /// payload that can't be decoded is a new session, with an error in the log.
    ///
    /// # Errors
    ///
    /// The store failed: nothing is known about the visitor. This is not the same as "logged out".
    pub async fn open(&self, cookie: Option<&str>, now: SystemTime) -> Result<Session, StoreError> {
        self.open_by(cookie, now, false).await
    }

    /// As [`open`](Manager::open), for a request that is not expected to change anything: the session may come from a
    /// [copy](crate::store::Store::copy) that its store keeps, which may be a little old. What is changed all the same is
    /// applied to what the store holds.
    ///
    /// # Errors
    ///
    /// As [`open`](Manager::open).
    pub async fn open_to_read(&self, cookie: Option<&str>, now: SystemTime) -> Result<Session, StoreError> {
        self.open_by(cookie, now, true).await
    }

    async fn open_by(
        &self,
        cookie: Option<&str>,
        now: SystemTime,
        from_copy: bool,
    ) -> Result<Session, StoreError> {
        let cookie = cookie.filter(|cookie| !cookie.is_empty());
        let (clock, budget) = (RequestClock::starting(now), self.budget());
        let mut signed_by_older_key = false;
        // What is found is small: the state of a session is built last, so that it is not moved through each call.
        let found = match self.home() {
            SessionHome::Cookie(signer) => cookie.and_then(|cookie| self.read_cookie(signer, cookie, now)),
            SessionHome::Server(server) => match cookie.and_then(|cookie| self.id(server, cookie, now)) {
                None => None,
                Some((id, is_current)) => {
                    signed_by_older_key = !is_current;
                    self.load(server, id, now, &budget, from_copy).await?
                }
            },
        };
        let mut state = match found {
            None => self.fresh(),
            Some(Found::Over(stored)) => {
                let mut state = self.fresh();
                state.identity.over = stored.map(Box::new);
                state.identity.over_by = Some(EndedBy::AbsoluteLifetime);
                state.identity.cookie_is_over = true;
                state.identity.ended = true;
                state
            }
            Some(Found::Record { record, stored, extended, is_copy }) => {
                let cookie_outdated = signed_by_older_key && !self.refresh().is_flasks();
                let identity = Identity {
                    stored: Some(stored),
                    is_copy,
                    extended,
                    cookie_outdated,
                    ..Identity::default()
                };
                State::loaded(record, Kind::Server, identity)
            }
            Some(Found::Cookie(record, cookie_expires)) => {
                State { cookie_expires, ..State::loaded(record, Kind::Cookie, Identity::default()) }
            }
            Some(Found::Renewed(id)) => {
                let mut state = self.fresh();
                state.identity.renewed = Some(id);
                state
            }
        };
        state.login_key = self.login_key();
        state.is_dated = self.refresh().absolute.is_some();
        state.remembering = self.shared_logins().map(|_| Box::default());
        Ok(Session::new(self.clone(), state, clock, budget))
    }

    /// Loads the session that is stored under an id, or finds that the id was renewed.
    async fn load(
        &self,
        server: &Server,
        id: SessionId,
        now: SystemTime,
        budget: &Budget,
        from_copy: bool,
    ) -> Result<Option<Found>, StoreError> {
        let (key, touch) = (self.store_key(&id), self.refresh().touch());
        // A load that extends the life asks the store in any case.
        let copy = if from_copy && touch.is_none() { server.store.copy(now, &key) } else { None };
        let is_copy = copy.is_some();
        let loaded = match copy {
            Some(copy) => Some(copy),
            None => server.store.load(budget, now, &key, touch).await?,
        };
        let loaded = match loaded {
            Some(loaded) if !server.is_ended_mark(&loaded) => loaded,
            // In a box, since it is rare, and would make the future of every request larger.
            mark => return Box::pin(self.without_session(server, id, mark, now, budget)).await,
        };
        self.cookie_watch().accepted();
        let record = self.decoded(loaded.record(server.format), "session record", Some(&id), now);
        let Some(record) = record.flatten() else { return Ok(None) };
        let (mut stored, mut extended) = (StoredRecord { id, loaded }, false);
        if self.refresh().absolute.is_some() || self.refresh().touch().is_some() {
            let term = self.refresh().term_of(&record, self.login_key(), now);
            if term.is_over(now) {
                return Ok(Some(Found::Over(Some(stored))));
            }
            // In a box for the same reason.
            extended = self.refresh().touch().is_some()
                && (term.is_configured(self.refresh(), now)
                    || Box::pin(self.correct_touch(server, &mut stored, &term, now, budget)).await);
        }
        Ok(Some(Found::Record { record, stored, extended, is_copy }))
    }

    /// Finds that an id was renewed, or that there is no session of it, at most a mark.
    async fn without_session(
        &self,
        server: &Server,
        id: SessionId,
        mark: Option<Loaded>,
        now: SystemTime,
        budget: &Budget,
    ) -> Result<Option<Found>, StoreError> {
        if let Some(mark) = mark.filter(|_| self.refresh().touch().is_some()) {
            server.give_life_back(budget, now, &self.store_key(&id), &mark).await;
        }
        if self.successor_of(server, &id, now, budget).await?.is_some() {
            return Ok(Some(Found::Renewed(id)));
        }
        self.refused(id.as_str(), Unusable::Unknown, Some(&id), now);
        Ok(None)
    }

    /// Gives a record that was touched with the configured lifetime, before anybody knew what is in it, the life that its
    /// session has. At once, so that it does not live too long if the request comes to nothing. `false` if it has not got
    /// it: then the cookie does not follow, and the close tries once more.
    async fn correct_touch(
        &self,
        server: &Server,
        stored: &mut StoredRecord,
        term: &Term,
        now: SystemTime,
        budget: &Budget,
    ) -> bool {
        match self.extend(server, &stored.id, &stored.loaded, term, now, budget).await {
            Ok(Extended::Done(loaded)) => {
                stored.loaded = loaded;
                return true;
            }
            Ok(Extended::Changed { end: Some(end) }) => {
                stored.loaded.expires = Some(end);
                return true;
            }
            Ok(Extended::Changed { end: None } | Extended::Gone) => {}
            Err(error) => log::log!(level(&error), "a session may live too long: {}", Chain(&error)),
        }
        false
    }

    /// Reads the session that a signed cookie holds.
    fn read_cookie(&self, signer: &CookieSigner, cookie: &str, now: SystemTime) -> Option<Found> {
        let rule = self.refresh();
        let verified = signer.verify_dated(cookie, now, rule.lifetime.max(rule.max));
        let Verified { json, signed_at, is_current } =
            verified.map_err(|reason| self.refused(cookie, Unusable::Signature(reason), None, now)).ok()?;
        let record = Record::parse(Format::TaggedJson, Bytes::from(json));
        let record = self.decoded(record, "signed session cookie", None, now)?;
        let term = rule.term_of(&record, self.login_key(), now);
        // As in Flask, ages are whole seconds, and one that is the lifetime is good.
        let is_too_old = unix_seconds(now) > unix_seconds(later(signed_at, term.lifetime));
        if is_too_old {
            self.refused(cookie, Unusable::Signature(Invalid::Expired), None, now);
            return None;
        }
        self.cookie_watch().accepted();
        if term.is_over(now) {
            return Some(Found::Over(None));
        }
        // A signature of an older key is to be renewed at once.
        let expires = Some(term.end(signed_at)).filter(|_| is_current);
        Some(Found::Cookie(Arc::new(record), expires))
    }

    /// Returns the id in a cookie, if it is well-formed and, with a signer, has our signature; also tells whether it
    /// needs no other one.
    fn id(&self, server: &Server, cookie: &str, now: SystemTime) -> Option<(SessionId, bool)> {
        let id = server.id(cookie).map_err(|why| self.refused(cookie, why, None, now));
        id.ok()
    }

    /// Tells that a cookie leads to no session; `id` is what it holds, if that is an id.
    fn refused(&self, cookie: &str, why: Unusable, id: Option<&SessionId>, now: SystemTime) {
        self.cookie_watch().refused(self.config(), cookie, why);
        self.events().tell(why.happening(now).of(id));
    }

    /// Takes what was decoded, or tells why it can't be.
    fn decoded<T>(
        &self,
        result: Result<T, DecodeError>,
        what: &str,
        id: Option<&SessionId>,
        now: SystemTime,
    ) -> Option<T> {
        let told = result.inspect_err(|error| {
            log::error!("a {what} can't be decoded, its visitor gets a new session: {}", Chain(error));
            self.events().tell(Happening::new(EventKind::RecordUndecodable, now).of(id));
        });
        told.ok()
    }
}

/// What a cookie has led to.
enum Found {
    /// The session in the record, whether its life was extended, and whether the record is a copy.
    Record { record: Arc<Record>, stored: StoredRecord, extended: bool, is_copy: bool },
    /// The session in the cookie, and the moment at which that ends.
    Cookie(Arc<Record>, Option<SystemTime>),
    /// Nothing, since the session is over, though its record is still there, or the cookie.
    Over(Option<StoredRecord>),
    /// Nothing, since another request has given the session of this id a new one.
    Renewed(SessionId),
}

impl Server {
    fn id(&self, cookie: &str) -> Result<(SessionId, bool), Unusable> {
        let (id, is_current) = match &self.signer {
            None => (cookie, true),
            Some(signer) => {
                let signed = signer.verify_signed(cookie).map_err(Unusable::Signature)?;
                (signed.message, signed.is_current)
            }
        };
        Ok((SessionId::parse(id, &self.id_lengths).ok_or(Unusable::NotAnId)?, is_current))
    }
}
