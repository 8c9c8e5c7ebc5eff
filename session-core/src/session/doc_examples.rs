//! A session without a web framework, for the examples of the documentation.

use std::future::Future;
use std::time::SystemTime;

use super::Session;
use super::manager::Manager;
use crate::config::{Environment, SessionConfig};
use crate::store::MemoryStore;

/// Runs an example with a new session over a memory store.
pub fn with_session<T>(example: impl FnOnce(Session) -> T) -> T {
    with_async_session(|session| async move { example(session) })
}

/// As [`with_session`], for an example that waits.
#[allow(clippy::expect_used, reason = "examples are tests")]
pub fn with_async_session<F: Future>(example: impl FnOnce(Session) -> F) -> F::Output {
    let store = MemoryStore::new(100);
    let environment = Environment { own_store: true, ..Environment::default() };
    let config = SessionConfig::default().check(environment).expect("the default configuration");
    let manager = Manager::with_store(config, store).expect("a memory store has no address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async move {
        let session = manager.open(None, SystemTime::now()).await.expect("a new session");
        example(session).await
    })
}
