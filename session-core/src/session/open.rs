//! From a cookie to a session (A1 to A8, B1 to B7).

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use super::manager::{Backend, Inner, Manager, Server};
use crate::error_chain::Chain;
use crate::formats::codec::{Format, Record};
use crate::formats::signing::CookieSigner;
use crate::formats::value::Value;
use crate::session::id::SessionId;
use crate::session::{PERMANENT, Session, State};
use crate::store::client::Spent;
use crate::store::{Loaded, StoreError};

impl Manager {
    /// The session that belongs to a request's cookie; a new one if there is none.
    ///
    /// `cookie` is the raw value of the first cookie with the configured name (A2). A cookie that is
    /// absent, malformed, badly signed or too old costs no store access and is a new session; so
    /// is an id that the store does not know: it is never adopted (B5). A record or payload that
    /// can't be decoded is a new session too, and an error in the log.
    ///
    /// # Errors
    ///
    /// The store failed: nothing is known about the visitor. This is not the same as "logged out".
    pub async fn open(&self, cookie: Option<&str>, now: SystemTime) -> Result<Session, StoreError> {
        let cookie = cookie.filter(|cookie| !cookie.is_empty());
        let (opened_at, mut spent) = (Instant::now(), Spent::default());
        let new = || fresh(&self.inner);
        let state = match &self.inner.backend {
            Backend::Cookie(signer) => from_cookie(signer, cookie, now, self)
                .map_or_else(new, |record| State::of(Arc::new(record), false)),
            Backend::Server(server) => {
                let id = cookie.and_then(|cookie| server.id(cookie));
                let kept = match &id {
                    None => None,
                    Some(id) => self.load(server, id, now, &mut spent).await?,
                };
                kept.map_or_else(new, |(record, stored)| State {
                    stored: Some(stored),
                    id,
                    ..State::of(record, true)
                })
            }
        };
        Ok(Session::new(self.inner.clone(), state, (now, opened_at), spent.0))
    }

    /// The record under an id, as it was read and as the store holds it.
    async fn load(
        &self,
        server: &Server,
        id: &SessionId,
        now: SystemTime,
        spent: &mut Spent,
    ) -> Result<Option<(Arc<Record>, Loaded)>, StoreError> {
        let loaded = server.gate.load(spent, now, &self.store_key(id), server.touch).await?;
        let Some(loaded) = loaded else { return Ok(None) };
        match loaded.record(server.format) {
            Ok(record) => Ok(record.map(|record| (record, loaded))),
            Err(error) => {
                log::error!(
                    "a session record can't be decoded, its visitor gets a new session: {}",
                    Chain(&error)
                );
                Ok(None)
            }
        }
    }

    /// `session_key_prefix` and id: the key in the store.
    pub(crate) fn store_key(&self, id: &SessionId) -> String {
        let prefix = &self.inner.config.session_key_prefix;
        let mut key = String::with_capacity(prefix.len() + id.as_str().len());
        key.push_str(prefix);
        key.push_str(id.as_str());
        key
    }
}

/// A new session; Flask-Session's are permanent from the start (B1, B24).
pub(super) fn fresh(inner: &Inner) -> State {
    match &inner.backend {
        Backend::Cookie(_) => State::fresh(Format::TaggedJson, false),
        Backend::Server(server) => {
            let mut state = State::fresh(server.format, true);
            if inner.config.session_permanent
                && let Ok(raw) = server.format.encode(&Value::Bool(true))
            {
                state.changes.preset(PERMANENT, raw);
            }
            state
        }
    }
}

impl Server {
    /// The id in a cookie, if it is well-formed and, with a signer, signed by us.
    fn id(&self, cookie: &str) -> Option<SessionId> {
        let id = match &self.signer {
            None => cookie,
            Some(signer) => match signer.verify(cookie) {
                Ok(id) => id,
                Err(reason) => {
                    log::debug!("a session cookie was refused: {}", reason.as_str());
                    return None;
                }
            },
        };
        SessionId::parse(id, &self.id_lengths)
    }
}

fn from_cookie(
    signer: &CookieSigner,
    cookie: Option<&str>,
    now: SystemTime,
    manager: &Manager,
) -> Option<Record> {
    let lifetime = manager.inner.config.permanent_session_lifetime;
    let json = match signer.verify(cookie?, now, lifetime) {
        Ok(json) => json,
        Err(reason) => {
            log::debug!("a session cookie was refused: {}", reason.as_str());
            return None;
        }
    };
    match Record::parse(Format::TaggedJson, Bytes::from(json)) {
        Ok(record) => Some(record),
        Err(error) => {
            log::error!(
                "a signed session cookie can't be decoded, its visitor gets a new session: {}",
                Chain(&error)
            );
            None
        }
    }
}
