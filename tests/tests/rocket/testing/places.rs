//! Whatever is configured, a test needs no server, and leaves nothing behind.

use std::sync::Arc;

use rocket::figment::Figment;
use rocket::http::Status;
use rocket::{Build, Rocket};
use rocket_session_state::Sessions;
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::store::MemoryStore;
use rocket_session_state::store::conformance::Faulty;
use rocket_session_state::testing::{self, days};
use tempfile::TempDir;

use super::{Visit, application, served, text};
use crate::site::quiet;

/// An application with these keys in its configuration.
fn with_keys(keys: &[(&str, &str)]) -> Rocket<Build> {
    let rocket = quiet();
    let figment = keys.iter().fold(rocket.figment().clone(), Figment::merge);
    served(rocket.configure(figment).attach(Sessions::fairing()))
}

#[rocket::async_test]
async fn no_configured_store_is_reached_for() {
    let folder = TempDir::new().unwrap();
    let inside = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let nobody = "127.0.0.1:1";
    for keys in [
        [("session_type", "redis"), ("session_redis", &format!("redis://{nobody}/0"))],
        [("session_type", "sqlalchemy"), ("session_sqlalchemy", &format!("sqlite:///{}", inside("db")))],
        [("session_type", "postgres"), ("session_sqlalchemy", &format!("postgresql://{nobody}/x"))],
        [("session_type", "memcached"), ("session_memcached", nobody)],
        [("session_type", "mongodb"), ("session_mongodb", &format!("mongodb://{nobody}"))],
        [("session_type", "filesystem"), ("session_file_dir", &inside("files"))],
    ] {
        let client = testing::client(with_keys(&keys)).await;
        client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
        assert_eq!(text(&client, "/account").await, "momo", "{keys:?}");
        client.store().fail();
        assert_eq!(super::status(&client, "/account").await, Status::ServiceUnavailable, "{keys:?}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing is left behind");
}

#[rocket::async_test]
async fn a_store_made_in_code_and_one_that_sessions_are_moved_out_of_are_not_asked_either() {
    let store = Arc::new(Faulty::new(MemoryStore::new(10)));
    let sessions = Sessions::with_config(SessionConfig::default()).store(Arc::clone(&store));
    let client = testing::client(served(quiet().attach(sessions))).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    assert_eq!((text(&client, "/account").await.as_str(), store.calls()), ("momo", 0));

    let rocket = quiet();
    let figment = rocket.figment().clone().merge(("session_type", "memory"));
    let old = rocket::figment::util::map!["type" => "redis", "redis" => "redis://127.0.0.1:1/0"];
    let rocket = rocket.configure(figment.merge(("session_migrate_from", old))).attach(Sessions::fairing());
    let client = testing::client(served(rocket)).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    assert_eq!(text(&client, "/account").await, "momo");
}

#[rocket::async_test]
async fn a_signed_cookie_stays_one_and_ends_by_the_clock_of_the_test() {
    let client = testing::client(application(|config| config.session_type = SessionType::Cookie)).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    assert!(client.cookie("session").unwrap().value().contains('.'), "a payload, a time and a signature");
    assert_eq!(text(&client, "/account").await, "momo");
    client.advance(days(32));
    assert_eq!(text(&client, "/account").await.as_str(), text(&client.visitor(), "/account").await);
}

#[rocket::async_test]
async fn outside_the_debug_profile_a_test_needs_no_secret_either() {
    for keys in [[("session_type", "cookie")], [("session_type", "memory")]] {
        let rocket = quiet();
        let figment = keys.iter().fold(rocket.figment().clone(), Figment::merge).select("release");
        let figment = figment.merge(("session_use_signer", true));
        let client = testing::client(served(rocket.configure(figment).attach(Sessions::fairing()))).await;
        client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
        assert_eq!(text(&client, "/account").await, "momo", "{keys:?}");
    }
}

#[rocket::async_test]
async fn the_applications_own_clock_does_not_count() {
    let sessions = Sessions::with_config({
        let mut config = SessionConfig::default();
        config.session_type = SessionType::Memory;
        config
    });
    let frozen = sessions.clock(|_| std::time::UNIX_EPOCH);
    let client = testing::client(served(quiet().attach(frozen))).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    let expires = client.cookie("session").unwrap().expires_datetime().unwrap();
    let lifetime = std::time::SystemTime::from(expires).duration_since(client.now()).unwrap();
    assert_eq!(lifetime, days(31));
}
