//! Lists of users' sessions, which move out of an old store like any other record.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket_session_state_core::codec::Format;
use rocket_session_state_core::config::{Environment, RecordFormat, SessionConfig, SessionType};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::migrating::{MigratingStore, MigrationSettings};
use rocket_session_state_core::store::{DynStore, MemoryStore, Store};
use rocket_session_state_core::value::Value;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_704_164_645)
}

/// A process of an application that lists sessions.
fn process(store: impl Store, format: RecordFormat, prefix: &str) -> Manager {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    config.session_serialization_format = format;
    config.session_key_prefix = prefix.to_owned();
    let config = config.check(Environment { debug_profile: true, ..Environment::default() }).unwrap();
    let manager = Manager::with_store(config, store).unwrap();
    manager.declare_login("username");
    manager.declare_listed();
    manager
}

async fn log_in(process: &Manager) -> String {
    let session = process.open(None, now()).await.unwrap();
    session.set("username", "ann");
    let closed = process.close(&session, now()).await.unwrap();
    let cookie = closed.set_cookie.unwrap();
    cookie.split(['=', ';']).nth(1).unwrap().to_owned()
}

async fn is_ann(process: &Manager, cookie: &str) -> bool {
    process.open(Some(cookie), now()).await.unwrap().contains("username")
}

#[tokio::test]
async fn a_list_moves_with_its_sessions_into_another_format_and_all_of_them_can_be_ended() {
    let [new, old] = [(); 2].map(|()| Arc::new(MemoryStore::new(1_000)));
    let before = process(Arc::clone(&old), RecordFormat::Json, "old:");
    let (one, two) = (log_in(&before).await, log_in(&before).await);
    let settings = MigrationSettings {
        prefixes: ["old:".to_owned(), "new:".to_owned()],
        lifetime: Duration::from_secs(3600),
        format: Format::Msgpack,
        breaker_after: 5,
        call_timeout: Duration::from_secs(1),
    };
    let both =
        MigratingStore::new(DynStore::new(Arc::clone(&new)), DynStore::new(Arc::clone(&old)), settings);
    let after = process(both, RecordFormat::Msgpack, "new:");
    // One of them is moved by its use, the other by nothing but the list.
    assert!(is_ann(&after, &one).await);
    let three = log_in(&after).await;
    let sessions = after.sessions_of(&Value::Str("ann".into()), now()).unwrap();
    assert_eq!(sessions.list().await.unwrap().len(), 3);
    assert_eq!(sessions.end_all().await.unwrap(), 3);
    for cookie in [one, two, three] {
        assert!(!is_ann(&after, &cookie).await && !is_ann(&before, &cookie).await);
    }
    assert_eq!(sessions.list().await.unwrap().len(), 0);
}
