//! A Rocket application over a faulty store, and one visitor.

use std::sync::Arc;

use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{Build, Rocket};
use rocket_session_state::Sessions;
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::store::MemoryStore;
use rocket_session_state::store::conformance::Faulty;
use session_tests::told;

pub(crate) type Store = Arc<Faulty<MemoryStore>>;

/// The application of a test.
pub(crate) struct Site {
    pub(crate) store: Store,
    pub(crate) client: Client,
}

impl Site {
    pub(crate) async fn launch(routes: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Site {
        Site::launch_with(|_| {}, routes).await
    }

    pub(crate) async fn launch_with(
        change: impl FnOnce(&mut SessionConfig),
        routes: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Site {
        let store: Store = Arc::new(Faulty::new(MemoryStore::new(1000)));
        // So that whatever a test does shows what events may not hold.
        let mut config = SessionConfig::default();
        config.session_audit_log = true;
        change(&mut config);
        let sessions = Sessions::with_config(config).store(Arc::clone(&store)).on_event(told::check);
        let rocket = routes(quiet().attach(sessions));
        let client = Client::tracked(rocket).await.expect("the application launches");
        // The launch tries the store out; tests count what requests do.
        store.calls();
        Site { store, client }
    }

    pub(crate) async fn get(&self, path: &str) -> LocalResponse<'_> {
        self.client.get(path.to_owned()).dispatch().await
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        self.get(path).await.into_string().await.unwrap_or_default()
    }
}

/// A Rocket whose log goes to the test.
pub(crate) fn quiet() -> Rocket<Build> {
    crate::log::capture();
    rocket::custom(rocket::Config {
        log_level: rocket::config::LogLevel::Off,
        ..rocket::Config::debug_default()
    })
}

pub(crate) fn config() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    config
}

pub(crate) async fn launches(rocket: Rocket<Build>) -> bool {
    match Client::untracked(rocket).await {
        Ok(_) => true,
        Err(error) => {
            // Rocket's launch error panics if nobody has looked at it.
            let _ = error.kind();
            false
        }
    }
}

/// All values of a header, in order.
pub(crate) fn header(response: &LocalResponse<'_>, name: &str) -> Vec<String> {
    response.headers().get(name).map(str::to_owned).collect()
}
