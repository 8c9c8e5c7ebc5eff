//! The life cycle of a session: the only place that knows its rules.
//!
//! Data flows one way: a request's cookie -> [`Manager::open`] -> [`Session`] -> [`Manager::close`]
//! -> what the response has to say about the cookie.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::ended_sessions::Endings;
use super::{open, save};
use crate::config::{SessionConfig, SessionType, named};
use crate::formats::codec::Format;
use crate::formats::cookie::{CookieAttributes, SetCookie};
use crate::formats::signing::{CookieSigner, IdSigner};
use crate::session::id::SessionId;
use crate::session::{Keeper, KeeperFuture, SaveError, Session, State};
use crate::store::client::Gate;
use crate::store::client::keyed_locks::Turns;
use crate::store::migrating::Moving;
use crate::store::{DynStore, Store, StoreError, Touch};

/// Opens and closes sessions as one configuration says. Clones share everything.
#[derive(Clone)]
pub struct Manager {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: SessionConfig,
    pub(super) cookie: SetCookie,
    pub(super) backend: Backend,
}

/// Where sessions are kept. The signed cookie is no store: it has no key to load and nothing to swap.
pub(super) enum Backend {
    Cookie(CookieSigner),
    Server(Box<Server>),
}

pub(super) struct Server {
    pub(super) gate: Gate,
    pub(super) turns: Turns,
    pub(super) endings: Endings,
    pub(super) format: Format,
    pub(super) signer: Option<IdSigner>,
    /// Lengths of ids that are looked up, in characters.
    pub(super) id_lengths: Vec<usize>,
    pub(super) touch: Option<Touch>,
}

/// What the response has to say after a session was closed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// The `Set-Cookie` header to add, if any.
    pub set_cookie: Option<String>,
    /// Whether the response depends on the session: it needs `Vary: Cookie`.
    pub vary_cookie: bool,
}

impl Manager {
    /// A manager for a checked configuration ([`SessionConfig::check`] or
    /// [`SessionConfig::from_figment`]), with the store that `session_type` names.
    ///
    /// Nothing is connected yet: [`ping`](Manager::ping) tells whether the store can be used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store's address can't be understood.
    pub fn new(config: SessionConfig) -> Result<Self, StoreError> {
        if config.session_type == SessionType::Cookie {
            let backend = Backend::Cookie(cookie_signer(&config));
            return Ok(Manager::over(config, backend));
        }
        let store = named::store(&config)?;
        let format = named::format(&config);
        Manager::serving(config, store, format)
    }

    /// A manager over a store made in code; `session_type` does not matter.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the address of the store that `session_migrate_from` names can't be understood.
    pub fn with_store(config: SessionConfig, store: impl Store) -> Result<Self, StoreError> {
        let format = named::chosen_format(&config);
        Manager::serving(config, DynStore::new(store), format)
    }

    fn serving(config: SessionConfig, mut store: DynStore, format: Format) -> Result<Self, StoreError> {
        let lifetime = config.permanent_session_lifetime;
        if let Some(old) = &config.session_migrate_from {
            store = DynStore::new(Moving::new(store, named::store(old)?, (&config, old), format));
        }
        let server = Server {
            gate: Gate::new(store, &config),
            turns: Turns::default(),
            endings: Endings::default(),
            format,
            signer: config.session_use_signer.then(|| {
                IdSigner::new(secret(&config), config.secret_key_fallbacks.iter().map(|key| key.as_bytes()))
            }),
            id_lengths: std::iter::once(SessionId::characters(config.session_id_length))
                .chain(config.session_id_length_fallbacks.iter().copied())
                .collect(),
            touch: config.session_refresh_each_request.then(|| Touch {
                lifetime,
                when_left: lifetime.mul_f64((1.0 - config.session_refresh_after).clamp(0.0, 1.0)),
            }),
        };
        Ok(Manager::over(config, Backend::Server(Box::new(server))))
    }

    fn over(config: SessionConfig, backend: Backend) -> Self {
        let attributes = CookieAttributes {
            name: config.session_cookie_name.clone(),
            domain: config.session_cookie_domain.clone(),
            path: Some(config.cookie_path().to_owned()),
            secure: config.cookie_secure(),
            http_only: config.session_cookie_httponly,
            same_site: config.session_cookie_samesite,
            partitioned: config.session_cookie_partitioned,
        };
        Manager { inner: Arc::new(Inner { config, cookie: SetCookie::new(&attributes), backend }) }
    }

    /// The configuration.
    pub fn config(&self) -> &SessionConfig {
        &self.inner.config
    }

    /// Whether sessions are kept in the cookie itself: they can't be merged, revoked or saved after
    /// the response has begun.
    pub fn keeps_cookies(&self) -> bool {
        matches!(self.inner.backend, Backend::Cookie(_))
    }

    /// Whether the store can be reached; `Ok` for the cookie store.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn ping(&self, now: SystemTime) -> Result<(), StoreError> {
        match &self.inner.backend {
            Backend::Cookie(_) => Ok(()),
            Backend::Server(server) => server.gate.ping(now).await,
        }
    }

    /// Frees what expired records occupy and says how many were removed.
    ///
    /// # Errors
    ///
    /// What the store said.
    pub async fn purge(&self, now: SystemTime) -> Result<u64, StoreError> {
        match &self.inner.backend {
            Backend::Cookie(_) => Ok(0),
            Backend::Server(server) => server.gate.purge(now).await,
        }
    }

    /// Ends a request's use of the session: writes what was changed and says what becomes of the
    /// cookie (A9 to A19, B8 to B17).
    ///
    /// Unchanged data is not written. A session that a panic has abandoned is not written either,
    /// and nothing is said about its cookie.
    ///
    /// # Errors
    ///
    /// Nothing that is reported as an error has reached the cookie; whether a store that failed
    /// has written is open.
    pub async fn close(&self, session: &Session, now: SystemTime) -> Result<Closed, SaveError> {
        if let Some(closed) = self.close_unwritten(session, now) {
            return closed;
        }
        let written = match &self.inner.backend {
            Backend::Cookie(_) => Ok(()),
            Backend::Server(server) => save::write(self, server, session, now).await,
        };
        self.respond(session, written, now)
    }

    /// As [`close`](Manager::close), if there is nothing to wait for: no store has to be written to. Otherwise
    /// `None`, and nothing was done.
    pub fn close_unwritten(&self, session: &Session, now: SystemTime) -> Option<Result<Closed, SaveError>> {
        if session.is_abandoned() {
            return Some(Ok(Closed::default()));
        }
        let written = match &self.inner.backend {
            Backend::Cookie(_) => {
                let sends = {
                    let state = session.state();
                    state.sends_cookie(&self.inner.config, state.permanent())
                };
                if sends { save::check_encodable(session) } else { Ok(()) }
            }
            Backend::Server(_) => {
                let mut state = session.state();
                if state.needs_writing(&self.inner.config) {
                    return None;
                }
                state.settled();
                Ok(())
            }
        };
        Some(self.respond(session, written, now))
    }

    /// What the response says, now that everything is written.
    fn respond(
        &self,
        session: &Session,
        written: Result<(), SaveError>,
        now: SystemTime,
    ) -> Result<Closed, SaveError> {
        session.response_begins();
        let closed = written.and_then(|()| self.closed(session, now));
        if closed.is_err() {
            // The answer will be an error: nothing of this request may be saved later.
            session.abandon();
        }
        closed
    }

    /// What becomes of the cookie; everything is written by now.
    fn closed(&self, session: &Session, now: SystemTime) -> Result<Closed, SaveError> {
        let config = &self.inner.config;
        let mut state = session.state();
        if self.keeps_cookies() {
            // The cookie that is made here is the save.
            state.settled();
        }
        let empty = state.is_empty();
        let permanent = state.permanent();
        let ended = match (&self.inner.backend, &state.id) {
            (Backend::Server(server), Some(id)) => server.endings.has(id, session.opened_at()),
            _ => false,
        };
        if ended {
            // Another request has ended the session: the id that would be sent again is dead.
            return Ok(Closed { set_cookie: None, vary_cookie: state.flags.accessed });
        }
        let set_cookie = if empty && state.flags.modified {
            Some(self.inner.cookie.delete())
        } else if !empty && state.sends_cookie(config, permanent) {
            let expires =
                permanent.then(|| crate::formats::time::later(now, config.permanent_session_lifetime));
            let value = match &self.inner.backend {
                Backend::Cookie(signer) => Cow::Owned(signer.sign(&state.encoded(), now)),
                Backend::Server(server) => match (&state.id, &server.signer) {
                    (Some(id), Some(signer)) => Cow::Owned(signer.sign(id.as_str())),
                    (Some(id), None) => Cow::Borrowed(id.as_str()),
                    // Nothing is stored: Flask's `modified = False` kept a new session from being written.
                    (None, _) => return Ok(Closed { set_cookie: None, vary_cookie: state.flags.accessed }),
                },
            };
            let text = self.inner.cookie.set(&value, expires);
            self.check_size(&text, &state)?;
            Some(text)
        } else {
            None
        };
        let vary_cookie = state.flags.accessed || set_cookie.is_some();
        Ok(Closed { set_cookie, vary_cookie })
    }

    /// Browsers drop a cookie that is too long without a word (A25).
    fn check_size(&self, set_cookie: &str, state: &State) -> Result<(), SaveError> {
        let limit = self.inner.config.max_cookie_size;
        if limit == 0 || set_cookie.len() <= limit {
            return Ok(());
        }
        let mut largest: Vec<(String, usize)> = state
            .changes
            .merged_entries(&state.record)
            .filter_map(|(key, raw)| Some((key.as_text()?.to_owned(), raw.len())))
            .collect();
        largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        largest.truncate(3);
        Err(SaveError::CookieTooLarge { bytes: set_cookie.len(), limit, largest })
    }
}

impl Keeper for Inner {
    fn fresh(&self) -> State {
        open::fresh(self)
    }

    fn save(self: Arc<Self>, session: Session) -> KeeperFuture<Result<(), SaveError>> {
        Box::pin(async move {
            let manager = Manager { inner: self };
            if session.response_has_begun() {
                // A stream or socket may live long: each of its saves has a request's time.
                session.restart_budget();
            }
            match &manager.inner.backend {
                Backend::Cookie(_) if session.response_has_begun() => Err(SaveError::TooLate),
                Backend::Cookie(_) => save::check_encodable(&session),
                Backend::Server(server) => save::write(&manager, server, &session, session.now()).await,
            }
        })
    }

    fn ended(self: Arc<Self>, session: Session) -> KeeperFuture<()> {
        Box::pin(async move { Manager { inner: self }.ended(&session).await })
    }
}

fn cookie_signer(config: &SessionConfig) -> CookieSigner {
    CookieSigner::new(secret(config), config.secret_key_fallbacks.iter().map(|key| key.as_bytes()))
}

/// A checked configuration has a secret wherever one is needed.
fn secret(config: &SessionConfig) -> &[u8] {
    config.secret_key.as_ref().map_or(&[], |key| key.as_bytes())
}

/// Shows where sessions are kept and nothing of them.
impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
