//! Opening: from a cookie to a session.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use super::cookie_watch::Unusable;
use super::identity::{Identity, StoredRecord};
use super::manager::{Manager, Server, SessionHome};
use super::state::{Kind, State};
use super::{RequestClock, Session};
use crate::error_chain::Chain;
use crate::formats::codec::{DecodeError, Format, Record};
use crate::formats::id::SessionId;
use crate::formats::signing::CookieSigner;
use crate::store::StoreError;
use crate::store::client::Budget;

impl Manager {
    /// Opens the session that belongs to a request's cookie; a new one if there is none.
    ///
    /// `cookie` is the raw value of the first cookie with the configured name. A cookie that is absent,
    /// malformed, badly signed or too old costs no store access and is a new session. An id that the store
    /// does not know is a new session too: it is never adopted. So is a record or payload that can't be
    /// decoded, with an error in the log.
    ///
    /// # Errors
    ///
    /// The store failed: nothing is known about the visitor. This is not the same as "logged out".
    pub async fn open(&self, cookie: Option<&str>, now: SystemTime) -> Result<Session, StoreError> {
        let cookie = cookie.filter(|cookie| !cookie.is_empty());
        let (clock, budget) = (RequestClock::starting(now), self.budget());
        // What is found is small: the state of a session is built last, so that it is not moved through each call.
        let found = match self.home() {
            SessionHome::Cookie(signer) => {
                cookie.and_then(|cookie| self.read_cookie(signer, cookie, now)).map(|record| (record, None))
            }
            SessionHome::Server(server) => match cookie.and_then(|cookie| self.id(server, cookie)) {
                None => None,
                Some(id) => self.load(server, id, now, &budget).await?,
            },
        };
        let mut state = match found {
            None => self.fresh(),
            Some((record, stored)) => {
                let kind = if stored.is_some() { Kind::Server } else { Kind::Cookie };
                State::loaded(record, kind, Identity { stored, ..Identity::default() })
            }
        };
        state.login_key = self.login_key();
        Ok(Session::new(self.clone(), state, clock, budget))
    }

    /// Loads the session that is stored under an id.
    async fn load(
        &self,
        server: &Server,
        id: SessionId,
        now: SystemTime,
        budget: &Budget,
    ) -> Result<Option<(Arc<Record>, Option<StoredRecord>)>, StoreError> {
        let loaded = server.store.load(budget, now, &self.store_key(&id), server.touch).await?;
        let Some(loaded) = loaded else {
            self.refused(id.as_str(), Unusable::Unknown);
            return Ok(None);
        };
        self.cookie_watch().accepted();
        let record = decoded(loaded.record(server.format), "session record").flatten();
        Ok(record.map(|record| (record, Some(StoredRecord { id, loaded }))))
    }

    /// Reads the session that a signed cookie holds.
    fn read_cookie(&self, signer: &CookieSigner, cookie: &str, now: SystemTime) -> Option<Arc<Record>> {
        let verified = signer.verify(cookie, now, self.config().permanent_session_lifetime);
        let json = verified.map_err(|reason| self.refused(cookie, Unusable::Signature(reason))).ok()?;
        self.cookie_watch().accepted();
        decoded(Record::parse(Format::TaggedJson, Bytes::from(json)), "signed session cookie").map(Arc::new)
    }

    /// Returns the id in a cookie, if it is well-formed and, with a signer, has our signature.
    fn id(&self, server: &Server, cookie: &str) -> Option<SessionId> {
        let id = server.id(cookie).map_err(|why| self.refused(cookie, why));
        id.ok()
    }

    fn refused(&self, cookie: &str, why: Unusable) {
        self.cookie_watch().refused(self.config(), cookie, why);
    }
}

impl Server {
    fn id(&self, cookie: &str) -> Result<SessionId, Unusable> {
        let id = match &self.signer {
            None => cookie,
            Some(signer) => signer.verify(cookie).map_err(Unusable::Signature)?,
        };
        SessionId::parse(id, &self.id_lengths).ok_or(Unusable::NotAnId)
    }
}

/// Takes what was decoded, or logs why it can't be.
fn decoded<T>(result: Result<T, DecodeError>, what: &str) -> Option<T> {
    result
        .inspect_err(|error| {
            log::error!("a {what} can't be decoded, its visitor gets a new session: {}", Chain(error));
        })
        .ok()
}
