//! What the launch tries: all that requests will ask of the store, and who else may write in it.

use std::sync::Arc;
use std::time::SystemTime;

use rocket_session_state_conformance::{Fault, Faulty, Operation};
use rocket_session_state_core::Chain;
use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{MemoryStore, New, Store, StoreError};

use crate::calls::{Answering, done};

const RELEASE: Environment = Environment {
    debug_profile: false,
    serves_tls: false,
    own_store: true,
    in_test: false,
    shares_logins: false,
};

async fn launch_in(environment: Environment, store: impl Store) -> Result<(), StoreError> {
    launched(SessionConfig::default(), environment, store).await
}

async fn launched(
    config: SessionConfig,
    environment: Environment,
    store: impl Store,
) -> Result<(), StoreError> {
    Manager::with_store(config.check(environment).unwrap(), store).unwrap().ping(SystemTime::now()).await
}

async fn launch(store: impl Store) -> Result<(), StoreError> {
    launch_in(RELEASE, store).await
}

/// The same where each call may take so long, on a machine that has other things to do.
#[cfg(feature = "redis")]
pub(crate) async fn launch_within(limit: std::time::Duration, store: impl Store) -> Result<(), StoreError> {
    let mut config = SessionConfig::default();
    (config.session_store_timeout, config.session_request_timeout) = (limit, limit);
    launched(config, RELEASE, store).await
}

/// The error of a launch, which has to name this step and a key under the prefix.
#[track_caller]
pub(crate) fn assert_step(launched: Result<(), StoreError>, step: &str, reason: &str) {
    let text = Chain(&launched.expect_err("should not launch")).to_string();
    let named = format!("the launch tried {step} under \"session:");
    assert!(text.contains(&named) && text.contains(reason), "{text}");
}

const CREATE: &str = "to create a record";
const LOAD: &str = "to load the record";
const EXTEND: &str = "to load the record and extend its life";
const REPLACE: &str = "to replace the record";
pub(crate) const DELETE: &str = "to delete the record";

#[tokio::test]
async fn every_step_that_a_store_does_not_take_is_named_with_its_key() {
    let faulty = || Arc::new(Faulty::new(MemoryStore::new(10)));
    let cases: [(&str, &[(Operation, Fault)]); 5] = [
        (CREATE, &[(Operation::Swap, Fault::Fail)]),
        (LOAD, &[(Operation::Load, Fault::Fail)]),
        (EXTEND, &[(Operation::Load, Fault::None), (Operation::Load, Fault::Fail)]),
        (REPLACE, &[(Operation::Swap, Fault::None), (Operation::Swap, Fault::Fail)]),
        (DELETE, &[(Operation::Delete, Fault::Fail)]),
    ];
    for (step, faults) in cases {
        let store = faulty();
        faults.iter().for_each(|(operation, fault)| store.next(*operation, *fault));
        assert_step(launch(Arc::clone(&store)).await, step, "");
    }
    // A store that forgets what it acknowledged.
    let forgetful = Answering(MemoryStore::new(10), |_: &str, _: Option<New<'_>>| Some(Ok(done())));
    assert_step(launch(forgetful).await, EXTEND, "the record that was written before");
    let store = faulty();
    launch(Arc::clone(&store)).await.unwrap();
    assert_eq!(store.calls(), 5);
    store.from_now_on(Fault::Hang);
    assert_step(launch(store).await, CREATE, "did not answer in time");
}

#[cfg(feature = "redis")]
mod redis {
    use ::redis::cmd;
    use rocket_session_state_core::store::RedisStore;
    use test_servers::port::free_port;

    use super::*;
    use crate::redis_server::Server;

    #[tokio::test]
    async fn nothing_of_the_trial_stays_in_redis() {
        let server = Server::start();
        launch(server.store()).await.unwrap();
        assert_eq!(server.keys(), [""; 0]);
    }

    #[tokio::test]
    async fn a_user_of_redis_who_lacks_a_right_that_requests_need_does_not_launch() {
        let server = Server::start();
        for (user, rights, step, reason) in [
            ("a", "+@all -evalsha", CREATE, "may not run EVALSHA"),
            ("b", "+@all -getex", EXTEND, "may not run GETEX"),
            ("c", "+@all -del", DELETE, "may not run DEL"),
        ] {
            let mut acl = cmd("ACL");
            acl.arg(&["SETUSER", user, "on", ">pw", "~session:*"]).arg(rights.split(' ').collect::<Vec<_>>());
            let _: () = server.run(&acl);
            let url = format!("redis://{user}:pw@127.0.0.1:{}", server.port());
            assert_step(launch(RedisStore::from_url(&url).unwrap()).await, step, reason);
        }
        let _: () = server.run(cmd("ACL").arg(&["SETUSER", "d", "on", ">pw", "~other:*", "+@all"]));
        let url = format!("redis://d:pw@127.0.0.1:{}", server.port());
        assert_step(launch(RedisStore::from_url(&url).unwrap()).await, CREATE, "NOPERM");
    }

    #[tokio::test]
    async fn one_node_of_a_redis_cluster_does_not_launch_and_is_told_what_to_write() {
        let bus = free_port().to_string();
        let server = Server::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
        for url in [server.url(), format!("{}?protocol=3", server.url())] {
            let text = Chain(&launch(RedisStore::from_url(&url).unwrap()).await.unwrap_err()).to_string();
            assert!(
                text.contains("one node of a Redis Cluster") && text.contains("write a list of addresses"),
                "{text}"
            );
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use rocket_session_state_core::store::{SqlStore, SqlTable};
    use test_servers::postgres::Postgres;

    use super::*;

    #[tokio::test]
    async fn a_role_of_postgresql_that_lacks_a_right_that_requests_need_does_not_launch() {
        let server = Postgres::start();
        let at = |role: &str| {
            let url = format!("postgresql://{role}@127.0.0.1:{}/postgres", server.port());
            SqlStore::from_url(&url, SqlTable::default()).unwrap()
        };
        launch(at("flask")).await.unwrap();
        for (role, rights, step) in [
            ("reader", "SELECT", CREATE),
            ("writer", "SELECT, INSERT", EXTEND),
            ("keeper", "SELECT, INSERT, UPDATE", DELETE),
        ] {
            let grant = format!(
                "CREATE ROLE {role} LOGIN; GRANT {rights} ON sessions TO {role}; \
                 GRANT USAGE ON SEQUENCE sessions_id_seq TO {role}"
            );
            server.query("postgres", &grant);
            assert_step(launch(at(role)).await, step, "42501: the user may not do that with the table");
            server.query("postgres", "DELETE FROM sessions");
        }
        assert_eq!(server.query("postgres", "SELECT count(*) FROM sessions").trim(), "0");
    }
}

#[cfg(all(unix, feature = "filesystem"))]
mod files {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use rocket_session_state_core::store::FileStore;

    use super::*;
    use crate::log_lines::captured;

    const DEBUG: Environment = Environment { debug_profile: true, ..RELEASE };

    #[tokio::test]
    async fn a_session_folder_that_everybody_may_write_is_a_warning_in_debug_and_does_not_launch_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = folder.path().join("sessions");
        launch(FileStore::new(&sessions)).await.unwrap();
        let log = captured(format!("{sessions:?}"));
        for mode in [0o777, 0o1777] {
            fs::set_permissions(&sessions, Permissions::from_mode(mode)).unwrap();
            let text = Chain(&launch(FileStore::new(&sessions)).await.unwrap_err()).to_string();
            assert!(text.contains("chmod go-w") && text.contains(&format!("the mode {mode:04o}")), "{text}");
            assert!(text.contains(&format!("a subfolder such as {:?}", sessions.join("sessions"))), "{text}");
            let before = log.lines();
            launch_in(DEBUG, FileStore::new(&sessions)).await.unwrap();
            assert_eq!(log.lines(), before + 1, "{}", log.text());
            assert!(log.text().contains("chmod go-w"), "{}", log.text());
        }
        // What is around it is not judged: such is the mount point of a volume in a container.
        launch(FileStore::new(sessions.join("sessions"))).await.unwrap();
    }

    #[tokio::test]
    async fn a_session_folder_that_a_group_may_write_launches_with_one_warning() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = folder.path().join("sessions");
        launch(FileStore::new(&sessions)).await.unwrap();
        let log = captured(format!("{sessions:?}"));
        for mode in [0o775, 0o2775] {
            fs::set_permissions(&sessions, Permissions::from_mode(mode)).unwrap();
            for environment in [RELEASE, DEBUG] {
                let before = log.lines();
                launch_in(environment, FileStore::new(&sessions)).await.unwrap();
                assert_eq!(log.lines(), before + 1, "{}", log.text());
                assert!(log.text().contains(&format!("the mode {mode:04o}")), "{}", log.text());
            }
        }
        let before = log.lines();
        launch(FileStore::new(&sessions).mode(0o660)).await.unwrap();
        assert_eq!(log.lines(), before, "{}", log.text());
    }

    #[tokio::test]
    async fn the_folder_of_an_old_store_counts_as_well() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let mut old = rocket_session_state_core::config::MigrateFrom::new(
            rocket_session_state_core::config::SessionType::CacheLib,
        );
        old.store.files.dir = folder.path().to_owned();
        let mut config = SessionConfig::default();
        config.session_migrate_from = Some(old);
        let manager = Manager::with_store(config.check(RELEASE).unwrap(), MemoryStore::new(10)).unwrap();
        let text = Chain(&manager.ping(SystemTime::now()).await.unwrap_err()).to_string();
        assert!(text.contains("chmod go-w"), "{text}");
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_sqlite_file_that_everybody_may_write_does_not_launch_outside_debug_and_less_is_a_warning() {
        use rocket_session_state_core::store::{SqlStore, SqlTable};

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.db");
        let store =
            || SqlStore::from_url(&format!("sqlite:///{}", file.display()), SqlTable::default()).unwrap();
        launch(store()).await.unwrap();
        for mode in [0o606, 0o662] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let text = Chain(&launch(store()).await.unwrap_err()).to_string();
            assert!(text.contains("chmod o=") && text.contains("shop.db"), "{text}");
            assert!(text.contains("in a subfolder of its own"), "{text}");
            launch_in(DEBUG, store()).await.unwrap();
        }
        let log = captured(format!("{:?}", folder.path()).trim_end_matches('"'));
        let launched_with = async |part: &str| {
            let before = log.lines();
            launch(store()).await.unwrap();
            assert_eq!(log.lines(), before + usize::from(!part.is_empty()), "{}", log.text());
            assert!(log.text().contains(part), "{}", log.text());
        };
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        launched_with("the mode 0644").await;
        fs::set_permissions(&file, Permissions::from_mode(0o660)).unwrap();
        launched_with("").await;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        launched_with("chmod o-w").await;
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_database_in_memory_is_open_to_nobody_wherever_the_application_runs() {
        use rocket_session_state_core::store::{SqlStore, SqlTable};

        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .max_connections(1)
            .connect("sqlite::memory:")
            .await
            .unwrap();
        let store = Arc::new(SqlStore::from_sqlite(pool, SqlTable::default()));
        launch(Arc::clone(&store)).await.unwrap();
        assert_eq!(store.open_to_others(), None);
    }
}
