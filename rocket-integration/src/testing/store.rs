//! The store of a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap};

use super::setup::TestSetup;

/// The session store of a test: in memory, private, and broken on demand.
///
/// What the application shows during an outage is a test of three lines:
///
/// ```
/// # use rocket::{get, http::Status, routes};
/// # use rocket_session_state::{Sessions, session_state, testing};
/// # use rocket_session_state::config::{SessionConfig, SessionType};
/// # #[session_state] pub struct Visit { #[session(login)] username: Option<String> }
/// # #[get("/")] fn index(visit: Visit) -> String { visit.username().unwrap_or_default() }
/// # let mut config = SessionConfig::default();
/// # config.session_type = SessionType::Memory;
/// # let rocket = rocket::build().attach(Sessions::with_config(config)).mount("/", routes![index]);
/// let client = testing::blocking::client(rocket);
/// client.log_in::<Visit>(|visit| visit.set_username("momo"));
///
/// client.store().fail();
/// assert_eq!(client.get("/").dispatch().status(), Status::ServiceUnavailable);
/// client.store().heal();
/// assert_eq!(client.get("/").dispatch().into_string().unwrap(), "momo");
/// ```
///
/// Faults that are more exact, such as an answer that is lost, are in `store::conformance::Faulty` (feature `conformance`).
#[derive(Debug, Clone)]
pub struct TestStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    records: MemoryStore,
    fault: AtomicU8,
}

const HEALTHY: u8 = 0;
const FAILS: u8 = 1;
const STALLS: u8 = 2;

/// More than a test makes.
const SESSIONS: u64 = 1_000_000;

impl TestStore {
    pub(super) fn new() -> Self {
        TestStore(Arc::new(Inner { records: MemoryStore::new(SESSIONS), fault: AtomicU8::new(HEALTHY) }))
    }

    /// Makes every call fail from here on, as if nothing listened at the store's address. Nothing is read or written.
    pub fn fail(&self) {
        self.set(FAILS);
    }

    /// Makes every call end from here on as if the store gave no answer within `session_store_timeout`, without waiting for
    /// that long: a test takes no time for it. Nothing is read or written, but the application can't know that, so a
    /// request does not try again to save what it has changed.
    ///
    /// ```
    /// # use rocket::{http::Status, post, routes};
    /// # use rocket_session_state::{Sessions, session_state, testing};
    /// # use rocket_session_state::config::{SessionConfig, SessionType};
    /// # #[session_state] pub struct Visit { views: u32 }
    /// # #[post("/views")] fn count(visit: Visit) { visit.update_views(|views| *views += 1); }
    /// # let mut config = SessionConfig::default();
    /// # config.session_type = SessionType::Memory;
    /// # let rocket = rocket::build().attach(Sessions::with_config(config)).mount("/", routes![count]);
    /// let client = testing::blocking::client(rocket);
    /// client.store().stall();
    /// assert_eq!(client.post("/views").dispatch().status(), Status::ServiceUnavailable);
    /// ```
    pub fn stall(&self) {
        self.set(STALLS);
    }

    /// Makes the store work again, from the next call on, with everything that it held.
    pub fn heal(&self) {
        self.set(HEALTHY);
    }

    fn set(&self, fault: u8) {
        self.0.fault.store(fault, Ordering::SeqCst);
    }

    /// The records, if calls get through to them.
    fn records(&self) -> Result<&MemoryStore, StoreError> {
        match self.0.fault.load(Ordering::SeqCst) {
            FAILS => Err(StoreError::unavailable("the test has called `store().fail()`").before_writing()),
            STALLS => Err(StoreError::timeout()),
            _ => Ok(&self.0.records),
        }
    }
}

impl Store for TestStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.records()?.load(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.records()?.swap(call, key, expected, new).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.records()?.delete(call, key).await
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.records()?.purge(call).await
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.records()?.ping(call).await
    }

    fn address(&self) -> Option<String> {
        Some(TestSetup::STORE.to_owned())
    }
}
