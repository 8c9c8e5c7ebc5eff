//! A site without a web framework: cookies go in, sessions and cookies come out.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use session_core::config::{SessionConfig, SessionType, Surroundings};
use session_core::manager::{Closed, Manager};
use session_core::session::{Session, SessionError};

use session_core::store::MemoryStore;
use session_core::store::conformance::Faulty;

pub type Counting = Arc<Faulty<MemoryStore>>;

pub const SECRET: &str = "a secret for tests, long enough";

/// A manager over a counting store, and one visitor's browser.
pub struct Site {
    pub manager: Manager,
    pub store: Counting,
    pub cookie: Option<String>,
    pub now: SystemTime,
}

impl Site {
    pub fn new() -> Self {
        Site::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let store = Arc::new(Faulty::new(MemoryStore::new(1000)));
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        change(&mut config);
        let config =
            config.check(Surroundings { debug_profile: true, ..Surroundings::default() }).unwrap().config;
        Site::over(Manager::with_store(config, Arc::new(store.clone())), store)
    }

    /// A site that keeps its sessions in the cookie.
    pub fn with_cookies(change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut config = SessionConfig::default();
        config.secret_key = Some(SECRET.into());
        change(&mut config);
        let config =
            config.check(Surroundings { serves_tls: true, ..Surroundings::default() }).unwrap().config;
        Site::over(Manager::new(config).unwrap(), Arc::new(Faulty::new(MemoryStore::new(1000))))
    }

    fn over(manager: Manager, store: Counting) -> Self {
        Site { manager, store, cookie: None, now: UNIX_EPOCH + Duration::from_secs(1_704_164_645) }
    }

    pub async fn open(&self) -> Session {
        self.manager.open(self.cookie.as_deref(), self.now).await.unwrap()
    }

    /// Closes a session and keeps the cookie as a browser would.
    pub async fn close(&mut self, session: &Session) -> Result<Closed, SessionError> {
        let closed = self.manager.close(session, self.now).await?;
        if let Some(set_cookie) = &closed.set_cookie {
            let (pair, attributes) = set_cookie.split_once(';').unwrap();
            let (_, value) = pair.split_once('=').unwrap();
            self.cookie = (!attributes.contains("Max-Age=0")).then(|| value.to_owned());
        }
        Ok(closed)
    }

    /// One request that does one thing.
    pub async fn request(&mut self, handler: impl FnOnce(&Session)) -> Closed {
        let session = self.open().await;
        handler(&session);
        self.close(&session).await.unwrap()
    }

    pub async fn get(&self, key: &str) -> Option<String> {
        self.open().await.get(key).unwrap()
    }
}
