//! The manager: opens and closes sessions as one configuration says.
//!
//! Data flows one way: the request's cookie -> [`Manager::open`] -> [`Session`](super::Session) ->
//! [`Manager::close`] -> the response's `Set-Cookie`.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::cookie_watch::CookieWatch;
use super::ended::EndedSessions;
use super::events::{EventKind, Events, Happening, Listener, Stats};
use super::refresh::Refresh;
use super::remembered::SharedLogins;
use super::state::{Kind, PERMANENT, State};
use crate::config::{CheckedConfig, SessionConfig};
use crate::formats::codec::Format;
use crate::formats::cookie::{CookieAttributes, SetCookie};
use crate::formats::id::SessionId;
use crate::formats::signing::{CookieSigner, IdSigner, StampSigner};
use crate::formats::value::Value;
use crate::store::client::outage_listener::OutageListener;
use crate::store::client::{Budget, StoreClient};
use crate::store::migrating::{MigratingStore, MigrationSettings};
use crate::store::{DynStore, Store, StoreError};

pub use super::close::Closed;

/// Opens and closes sessions as one configuration says. Clones share everything.
#[derive(Clone)]
pub struct Manager {
    inner: Arc<Inner>,
}

struct Inner {
    config: CheckedConfig,
    cookie: SetCookie,
    refresh: Refresh,
    home: SessionHome,
    login_key: OnceLock<&'static str>,
    /// The sessions of each user are kept in a list.
    is_listed: AtomicBool,
    cookie_watch: CookieWatch,
    stamps: StampSigner,
    shared_logins: Option<SharedLogins>,
    /// Shared with the client of the store, which tells of outages.
    events: Arc<Events>,
}

/// The place where sessions are kept. The signed cookie is not a store: it has no key to load and nothing to swap.
pub(super) enum SessionHome {
    Cookie(CookieSigner),
    Server(Box<Server>),
}

pub(super) struct Server {
    pub(super) store: StoreClient,
    pub(super) ended: EndedSessions,
    pub(super) format: Format,
    pub(super) signer: Option<IdSigner>,
    /// Lengths of ids that are looked up, in characters.
    pub(super) id_lengths: Vec<usize>,
    /// It was told that a record has no room for what is sealed, which each read finds anew.
    pub(super) told_of_full_record: AtomicBool,
}

impl Manager {
    /// Makes a manager for a configuration that [`SessionConfig::check`] or [`SessionConfig::from_figment`] has
    /// checked, with the store that `session_type` names.
    ///
    /// Nothing is connected yet: [`ping`](Manager::ping) tells whether the store can be used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store's address can't be understood, or if the configuration was checked for a store made
    /// in code.
    pub fn new(config: CheckedConfig) -> Result<Self, StoreError> {
        if config.environment().own_store {
            return Err(StoreError::misconfigured(
                "the configuration was checked for a store made in code, and none was passed",
            ));
        }
        let Some(store) = config.open_store().transpose()? else {
            let fallbacks = config.secret_key_fallbacks.iter().map(|key| key.as_bytes());
            let signer = CookieSigner::new(secret(&config)?, fallbacks);
            let events = Arc::new(Events::new(&config));
            return Ok(Manager::with_home(config, SessionHome::Cookie(signer), events));
        };
        let format = config.store_format();
        Manager::with_records(config, store, format)
    }

    /// Makes a manager over a store made in code; `session_type` does not matter.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the address of the store that `session_migrate_from` names can't be understood.
    pub fn with_store(config: CheckedConfig, store: impl Store) -> Result<Self, StoreError> {
        let format = config.session_serialization_format.into();
        Manager::with_records(config, DynStore::new(store), format)
    }

    /// Makes a manager for a test of an application: over this store, which takes the place of the one that the
    /// configuration names, and of any server. Records have the format that they have there. Sessions in cookies stay in
    /// cookies.
    ///
    /// # Errors
    ///
    /// As [`new`](Manager::new).
    #[doc(hidden)]
    pub fn for_test(config: CheckedConfig, store: impl Store) -> Result<Self, StoreError> {
        if !config.environment().own_store && config.backend().is_none() {
            return Manager::new(config);
        }
        let format = match config.environment().own_store {
            true => config.session_serialization_format.into(),
            false => config.store_format(),
        };
        Manager::with_records(config.without_servers(), DynStore::new(store), format)
    }

    fn with_records(config: CheckedConfig, mut store: DynStore, format: Format) -> Result<Self, StoreError> {
        let lifetime = config.permanent_session_lifetime;
        if let Some(source) = &config.session_migrate_from {
            let prefix = &config.session_key_prefix;
            let settings = MigrationSettings {
                prefixes: [source.key_prefix(prefix).to_owned(), prefix.clone()],
                lifetime,
                format,
                breaker_after: config.session_breaker_after,
                call_timeout: config.session_store_timeout,
            };
            store = DynStore::new(MigratingStore::new(store, source.open_store()?, settings));
        }
        let fallbacks = config.secret_key_fallbacks.iter().map(|key| key.as_bytes());
        let signer = match config.session_use_signer {
            true => Some(IdSigner::new(secret(&config)?, fallbacks)),
            false => None,
        };
        let events = Arc::new(Events::new(&config));
        let (timeout, breaker_after) = (config.session_store_timeout, config.session_breaker_after);
        let listener = Some(Arc::clone(&events) as Arc<dyn OutageListener>);
        let server = Server {
            store: StoreClient::new(store, timeout, breaker_after, listener),
            ended: EndedSessions::default(),
            format,
            signer,
            id_lengths: std::iter::once(SessionId::characters(config.session_id_length))
                .chain(config.session_id_length_fallbacks.iter().copied())
                .collect(),
            told_of_full_record: AtomicBool::new(false),
        };
        Ok(Manager::with_home(config, SessionHome::Server(Box::new(server)), events))
    }

    fn with_home(config: CheckedConfig, home: SessionHome, events: Arc<Events>) -> Self {
        let attributes = CookieAttributes {
            name: config.session_cookie_name.clone(),
            domain: config.session_cookie_domain.clone(),
            path: Some(config.cookie_path().to_owned()),
            secure: config.cookie_secure(),
            http_only: config.session_cookie_httponly,
            same_site: config.session_cookie_samesite,
            partitioned: config.session_cookie_partitioned,
        };
        let inner = Inner {
            cookie: SetCookie::new(&attributes),
            refresh: Refresh::of(&config),
            stamps: StampSigner::new(
                config.secret_key.as_ref().map(|key| key.as_bytes()).filter(|key| !key.is_empty()),
                config.secret_key_fallbacks.iter().map(|key| key.as_bytes()),
            ),
            shared_logins: SharedLogins::of(&config),
            config,
            home,
            login_key: OnceLock::new(),
            is_listed: AtomicBool::new(false),
            cookie_watch: CookieWatch::new(),
            events,
        };
        Manager { inner: Arc::new(inner) }
    }

    /// Names the key that says who is logged in: in every session that is opened from here on, however it is used.
    /// An application has one such key, so a second one is ignored.
    pub fn declare_login(&self, key: &'static str) {
        self.inner.login_key.get_or_init(|| key);
    }

    /// Returns the key that says who is logged in, if the application has one.
    pub fn login_key(&self) -> Option<&'static str> {
        self.inner.login_key.get().copied()
    }

    /// Returns the configuration.
    pub fn config(&self) -> &CheckedConfig {
        &self.inner.config
    }

    /// Returns `true` if sessions are kept in the cookie itself. Such a session can't be merged or ended elsewhere,
    /// nor be saved after the response has begun.
    pub fn is_cookie_store(&self) -> bool {
        matches!(self.inner.home, SessionHome::Cookie(_))
    }

    /// Tries at launch whether the store can be used, and does what requests do, with a random key: create a record, load
    /// it and extend its life, replace it, delete it; on a Redis Cluster, with a key of each master. `Ok` if sessions are
    /// kept in cookies.
    ///
    /// # Errors
    ///
    /// The store's answer, with the step that it refused and the key. Outside the debug profile also that
    /// [everybody may write](Store::open_to_others) in the store, which is otherwise a warning.
    pub async fn ping(&self, now: SystemTime) -> Result<(), StoreError> {
        match self.home() {
            SessionHome::Cookie(_) => Ok(()),
            SessionHome::Server(server) => {
                let is_lenient = self.config().environment().debug_profile;
                let key = || match SessionId::generate(self.config().session_id_length) {
                    Ok(id) => Ok(self.store_key(&id)),
                    Err(error) => Err(StoreError::misconfigured(format!("no random bytes: {error}"))),
                };
                server.store.try_out(now, key, is_lenient).await
            }
        }
    }

    pub(super) fn note_listed(&self) {
        self.inner.is_listed.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the sessions of each user are kept in a list.
    pub fn is_listed(&self) -> bool {
        self.inner.is_listed.load(Ordering::Relaxed)
    }

    /// Begins to tell these listeners of everything that happens to sessions, with their users if `names_users`. Called
    /// once, at launch.
    pub fn listen(&self, listeners: Vec<Listener>, names_users: bool) {
        self.events().listen(listeners, names_users);
    }

    /// Returns the numbers of everything that has happened since the launch.
    pub fn stats(&self) -> Stats {
        let calls = match self.home() {
            SessionHome::Cookie(_) => None,
            SessionHome::Server(server) => Some(server.store.times()),
        };
        self.events().stats(calls)
    }

    /// Returns whether there is an audit log of which nothing is written, since the log shows nothing of its level.
    pub fn audit_log_is_silent(&self) -> bool {
        self.events().audit_log_is_silent()
    }

    /// Returns when listeners have been told of all that has happened, but after a second in any case.
    pub async fn listeners_have_heard(&self) {
        self.events().heard().await;
    }

    /// Tells of a request from another site that got no session.
    #[doc(hidden)]
    pub fn note_cross_origin(&self, now: SystemTime) {
        self.events().tell(Happening::new(EventKind::CrossOrigin, now));
    }

    pub(super) fn events(&self) -> &Events {
        &self.inner.events
    }

    pub(super) fn home(&self) -> &SessionHome {
        &self.inner.home
    }

    pub(super) fn cookie_watch(&self) -> &CookieWatch {
        &self.inner.cookie_watch
    }

    pub(super) fn stamps(&self) -> &StampSigner {
        &self.inner.stamps
    }

    /// `None` where logins are not shared with Flask-Login.
    pub(super) fn shared_logins(&self) -> Option<&SharedLogins> {
        self.inner.shared_logins.as_ref()
    }

    pub(super) fn cookie(&self) -> &SetCookie {
        &self.inner.cookie
    }

    pub(super) fn refresh(&self) -> &Refresh {
        &self.inner.refresh
    }

    /// How often a swap is tried that meets changes by others.
    pub(super) fn attempts(&self) -> u32 {
        self.inner.config.session_swap_attempts.max(1)
    }

    /// The time that one request has for its store calls.
    pub(super) fn budget(&self) -> Budget {
        Budget::new(self.inner.config.session_request_timeout)
    }

    /// A session that is stored nowhere. Flask-Session's sessions are permanent from the start.
    pub(super) fn fresh(&self) -> State {
        match self.home() {
            SessionHome::Cookie(_) => State::fresh(Format::TaggedJson, Kind::Cookie),
            SessionHome::Server(server) => {
                let mut state = State::fresh(server.format, Kind::Server);
                if self.inner.config.session_permanent {
                    state.seal(PERMANENT, &Value::Bool(true));
                }
                state
            }
        }
    }

    /// The key in the store: `session_key_prefix` and id.
    pub(super) fn store_key(&self, id: &SessionId) -> String {
        let prefix = &self.inner.config.session_key_prefix;
        let mut key = String::with_capacity(prefix.len() + id.as_str().len());
        key.push_str(prefix);
        key.push_str(id.as_str());
        key
    }
}

/// A checked configuration has a secret wherever one is needed. Nothing is ever signed with none.
fn secret(config: &SessionConfig) -> Result<&[u8], StoreError> {
    let secret = config.secret_key.as_ref().map(|key| key.as_bytes()).filter(|key| !key.is_empty());
    secret.ok_or_else(|| StoreError::misconfigured("nothing can be signed without a secret_key"))
}

/// Shows where sessions are kept and nothing of them.
impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("config", &*self.inner.config).finish_non_exhaustive()
    }
}
