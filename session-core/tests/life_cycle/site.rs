//! A site without a web framework: cookies go in, sessions and cookies come out. Its login field is `username`.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};
use rocket_session_state_core::fields::{self, Field};
use rocket_session_state_core::manager::{Closed, Manager};
use rocket_session_state_core::session::{SaveError, Session};

use rocket_session_state_conformance::Faulty;
use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store};
use sha2::{Digest, Sha256};

pub(crate) type Counting = Arc<Faulty<MemoryStore>>;

pub(crate) const SECRET: &str = "a secret for tests, long enough";

/// Makes a field of its key, the stored and the declared type, its default, and its merge policy if it has one.
macro_rules! field {
    ($name:ident, $key:literal, $item:ty, $value:ty, $default:expr $(, $merge:expr)?) => {
        pub(crate) struct $name;

        impl rocket_session_state_core::fields::Field for $name {
            type Stored = $item;
            type Declared = $value;
            const KEY: &'static str = $key;
            $(const MERGE: Option<rocket_session_state_core::merge::Policy<$item>> = Some($merge);)?

            fn default() -> $value {
                $default
            }
        }
    };
}

pub(crate) use field;

// The field that says who is logged in.
field!(Username, "username", String, Option<String>, None);

/// Logs a user in, through the field of a state that declares it as its login field.
pub(crate) fn log_in(session: &Session, user: &str) {
    session.declare_login(Username::KEY);
    fields::set::<Username>(session, Some(user.to_owned()));
}

pub(crate) fn log_out(session: &Session) {
    session.declare_login(Username::KEY);
    fields::take::<Username>(session);
}

/// A manager over a counting store, and one visitor's browser.
pub(crate) struct Site {
    pub(crate) manager: Manager,
    pub(crate) store: Counting,
    pub(crate) cookie: Option<String>,
    pub(crate) now: SystemTime,
}

impl Site {
    pub(crate) fn new() -> Self {
        Site::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let store = Arc::new(Faulty::new(MemoryStore::new(1000)));
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        change(&mut config);
        let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        Site::over(Manager::with_store(config, Arc::new(store.clone())).unwrap(), store)
    }

    /// A site that keeps its sessions in the cookie.
    pub(crate) fn with_cookies(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::default();
        config.secret_key = Some(SECRET.into());
        change(&mut config);
        let config = config.check(Environment { serves_tls: true, ..Environment::default() }).unwrap();
        Site::over(Manager::new(config).unwrap(), Arc::new(Faulty::new(MemoryStore::new(1000))))
    }

    /// Lets another process with another configuration serve the site from here on.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut SessionConfig)) {
        let mut config = SessionConfig::clone(self.manager.config());
        change(&mut config);
        let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        self.manager = Manager::with_store(config, Arc::new(self.store.clone())).unwrap();
    }

    /// As [`reconfigure`](Site::reconfigure), for a site that keeps its sessions in the cookie.
    pub(crate) fn reconfigure_cookies(&mut self, change: impl FnOnce(&mut SessionConfig)) {
        let mut config = SessionConfig::clone(self.manager.config());
        change(&mut config);
        let config = config.check(Environment { serves_tls: true, ..Environment::default() }).unwrap();
        self.manager = Manager::new(config).unwrap();
    }

    /// Another process with the same configuration.
    pub(crate) fn other_process(&self) -> Manager {
        Manager::with_store(self.manager.config().clone(), Arc::new(self.store.clone())).unwrap()
    }

    /// A change by a program that knows no rule of ours: no login field, and no times.
    pub(crate) async fn store_without_rules(&self, change: impl FnOnce(&Session)) {
        let mut config = SessionConfig::clone(self.manager.config());
        config.session_absolute_lifetime = None;
        let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        let manager = Manager::with_store(config, Arc::new(self.store.clone())).unwrap();
        let session = manager.open(self.cookie.as_deref(), self.now).await.unwrap();
        change(&session);
        manager.close(&session, self.now).await.unwrap();
    }

    /// The record of the visitor.
    pub(crate) async fn stored(&self) -> Option<Loaded> {
        let key = format!("session:{}", self.cookie.as_deref()?);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        self.store.load(Call { now: self.now, deadline }, &key, None).await.unwrap()
    }

    /// Replaces it by other bytes.
    pub(crate) async fn overwrite(&self, bytes: &[u8]) {
        let Some(cookie) = self.cookie.as_deref() else { return };
        let (stored, deadline) = (self.stored().await, tokio::time::Instant::now() + Duration::from_secs(5));
        let new = New { bytes, lifetime: None };
        let (call, key) = (Call { now: self.now, deadline }, format!("session:{cookie}"));
        self.store.swap(call, &key, stored.as_ref(), Some(new)).await.unwrap();
    }

    /// The list of the sessions of a user.
    pub(crate) async fn list_of(&self, user: &str) -> Option<Loaded> {
        let login_value = [&[0xa0 | u8::try_from(user.len()).unwrap()], user.as_bytes()].concat();
        let key = format!("session:~user:{:x}", Sha256::digest(login_value));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        self.store.load(Call { now: self.now, deadline }, &key, None).await.unwrap()
    }

    /// Gives it another life, as a program does that knows no rule of ours.
    pub(crate) async fn touch(&self, lifetime: Duration) {
        let Some(cookie) = self.cookie.as_deref() else { return };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        let call = Call { now: self.now, deadline };
        self.store.load(call, &format!("session:{cookie}"), Some(lifetime)).await.unwrap();
    }

    /// The life that is left to it.
    pub(crate) async fn ends_in(&self) -> Option<Duration> {
        self.stored().await?.expires?.duration_since(self.now).ok()
    }

    fn over(manager: Manager, store: Counting) -> Self {
        Site { manager, store, cookie: None, now: UNIX_EPOCH + Duration::from_secs(1_704_164_645) }
    }

    pub(crate) async fn open(&self) -> Session {
        self.manager.open(self.cookie.as_deref(), self.now).await.unwrap()
    }

    /// Closes a session and keeps the cookie as a browser would.
    pub(crate) async fn close(&mut self, session: &Session) -> Result<Closed, SaveError> {
        let closed = self.manager.close(session, self.now).await?;
        if let Some(set_cookie) = &closed.set_cookie {
            let (pair, attributes) = set_cookie.split_once(';').unwrap();
            let (_, value) = pair.split_once('=').unwrap();
            self.cookie = (!attributes.contains("Max-Age=0")).then(|| value.to_owned());
        }
        Ok(closed)
    }

    /// One request that does one thing.
    pub(crate) async fn request(&mut self, handler: impl FnOnce(&Session)) -> Closed {
        let session = self.open().await;
        handler(&session);
        self.close(&session).await.unwrap()
    }

    pub(crate) async fn get(&self, key: &str) -> Option<String> {
        self.open().await.get(key).unwrap()
    }
}
