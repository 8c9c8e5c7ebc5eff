//! What a test brings to the launch of an application.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rocket::{Build, Rocket};
use rocket_session_state_core::config::ConfigError;

use super::clock::TestClock;
use super::store::TestStore;
use crate::context::Clock;

/// The clock and the store of a test, in Rocket's managed state, where the session fairing finds them at launch.
/// Clones share everything.
#[derive(Clone)]
pub(crate) struct TestSetup {
    pub(super) clock: TestClock,
    pub(super) store: TestStore,
    launch: Arc<Launch>,
}

/// What the session fairing has done.
#[derive(Default)]
struct Launch {
    is_attached: AtomicBool,
    /// The reason why the configuration was refused.
    refused: OnceLock<String>,
}

impl TestSetup {
    /// The place of the sessions, for the log.
    pub(crate) const STORE: &str = "the store of the test";

    pub(super) fn new() -> Self {
        TestSetup { clock: TestClock::new(), store: TestStore::new(), launch: Arc::default() }
    }

    /// Returns the setup that a test has brought, for the session fairing.
    pub(crate) fn of(rocket: &Rocket<Build>) -> Option<Self> {
        let setup = rocket.state::<TestSetup>()?;
        setup.launch.is_attached.store(true, Ordering::Relaxed);
        Some(setup.clone())
    }

    /// Returns the clock, for requests.
    pub(crate) fn clock(&self) -> Arc<Clock> {
        let clock = self.clock.clone();
        Arc::new(move |_| clock.now())
    }

    /// Returns the time, outside any request.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Returns the store that sessions are kept in.
    pub(crate) fn store(&self) -> TestStore {
        self.store.clone()
    }

    /// Notes why the application does not launch, for the test's message.
    pub(crate) fn refused(&self, error: &ConfigError) {
        self.launch.refused.get_or_init(|| error.to_string());
    }

    /// Prepares an application for the test.
    pub(super) fn prepare(&self, rocket: Rocket<Build>) -> Rocket<Build> {
        rocket.manage(self.clone())
    }

    /// Returns the client of the application, if that has been launched and has sessions.
    ///
    /// # Errors
    ///
    /// What is wrong with the application, in words.
    pub(super) fn launched<C>(&self, client: Result<C, rocket::Error>) -> Result<C, String> {
        // Rocket panics about an error that nobody has looked at.
        let client = client.map_err(|error| error.to_string());
        if !self.launch.is_attached.load(Ordering::Relaxed) {
            return Err("the application has no sessions: attach `Sessions::fairing()`".to_owned());
        }
        client.map_err(|error| {
            let why = self.launch.refused.get().unwrap_or(&error);
            format!("the application does not launch, and its log may say more: {why}")
        })
    }
}
