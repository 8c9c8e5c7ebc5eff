//! Lists of users' sessions, which are purged like any other record: once their own lives have passed, and not with the
//! sessions in them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{Call, MemoryStore, Store};
use rocket_session_state_core::value::Value;

use crate::calls::{self, HOUR};

/// The life of a list of sessions that live for an hour.
const LIST: Duration = Duration::from_secs(2 * 3600 + 300);

const SECOND: Duration = Duration::from_secs(1);

/// An application whose sessions live for an hour.
struct Site<S> {
    store: Arc<S>,
    process: Manager,
}

impl<S: Store> Site<S> {
    fn over(store: S) -> Site<S> {
        let store = Arc::new(store);
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        config.permanent_session_lifetime = HOUR;
        config.session_lifetime_max = Some(HOUR);
        let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
        let process = Manager::with_store(config, Arc::clone(&store)).unwrap();
        process.declare_login("username");
        process.declare_listed();
        Site { store, process }
    }

    async fn log_in(&self, user: &str, now: SystemTime) {
        let session = self.process.open(None, now).await.unwrap();
        session.set("username", user);
        self.process.close(&session, now).await.unwrap();
    }

    /// The number of records that were removed.
    async fn purge(&self, now: SystemTime) -> u64 {
        self.store.purge(Call { now, ..calls::call() }).await.unwrap()
    }

    /// Ends all sessions of a user, which only the list can find.
    async fn end_all(&self, user: &str, now: SystemTime) -> usize {
        self.process.sessions_of(&Value::Str(user.into()), now).unwrap().end_all().await.unwrap()
    }
}

async fn a_list_that_lives_is_not_purged_and_one_whose_life_has_passed_is(store: impl Store) {
    let site = Site::over(store);
    let start = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
    for user in ["ann", "bob"] {
        site.log_in(user, start).await;
    }
    assert_eq!(site.purge(start + HOUR / 2).await, 0);
    assert_eq!(site.purge(start + HOUR + SECOND).await, 2, "both sessions, neither list");
    let again = start + 2 * HOUR;
    site.log_in("bob", again).await;
    assert_eq!(site.purge(start + LIST - SECOND).await, 0);
    assert_eq!(site.purge(start + LIST + SECOND).await, 1, "Ann's list; Bob's has lived on by his log-in");
    assert_eq!(site.end_all("bob", start + LIST + SECOND).await, 1);
    assert_eq!(site.purge(again + LIST + SECOND).await, 0, "his list has gone with the last of his sessions");
}

#[tokio::test]
async fn on_memory_a_list_is_purged_once_its_own_life_has_passed() {
    a_list_that_lives_is_not_purged_and_one_whose_life_has_passed_is(MemoryStore::new(1_000)).await;
}

#[cfg(feature = "filesystem")]
#[tokio::test]
async fn on_files_a_list_is_purged_once_its_own_life_has_passed() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = rocket_session_state_core::store::FileStore::new(folder.path());
    a_list_that_lives_is_not_purged_and_one_whose_life_has_passed_is(store).await;
}
