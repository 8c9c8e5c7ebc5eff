//! What a test brings to the launch of an application.

use std::sync::{Arc, OnceLock};

use rocket::{Build, Orbit, Rocket};
use rocket_session_state_core::config::ConfigError;

use super::clock::TestClock;
use super::store::TestStore;
use crate::context::{Clock, SessionContext};

/// The clock and the store of a test, in Rocket's managed state, where the session fairing finds them at launch.
/// Clones share everything.
#[derive(Clone)]
pub(crate) struct TestSetup {
    pub(super) clock: TestClock,
    pub(super) store: TestStore,
    /// The reason why the configuration was refused.
    refused: Arc<OnceLock<String>>,
}

impl TestSetup {
    /// The place of the sessions, for the log.
    pub(crate) const STORE: &str = "the store of the test";

    pub(super) fn new() -> Self {
        TestSetup { clock: TestClock::new(), store: TestStore::new(), refused: Arc::default() }
    }

    /// Returns the clock, for requests.
    pub(crate) fn clock(&self) -> Arc<Clock> {
        let clock = self.clock.clone();
        Arc::new(move |_| clock.now())
    }

    /// Returns the store that sessions are kept in.
    pub(crate) fn store(&self) -> TestStore {
        self.store.clone()
    }

    /// Notes why the application does not launch, for the test's message.
    pub(crate) fn refused(&self, error: &ConfigError) {
        self.refused.get_or_init(|| error.to_string());
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
    pub(super) fn launched<C>(
        &self,
        client: Result<C, rocket::Error>,
        rocket: impl Fn(&C) -> &Rocket<Orbit>,
    ) -> Result<C, String> {
        let client = client.map_err(|error| {
            // Rocket panics about an error that nobody has looked at.
            let told = error.to_string();
            let why = self.refused.get().unwrap_or(&told);
            format!("the application does not launch, and its log may say more: {why}")
        })?;
        match rocket(&client).state::<SessionContext>() {
            Some(_) => Ok(client),
            None => Err("the application has no sessions: attach `Sessions::fairing()`".to_owned()),
        }
    }
}
