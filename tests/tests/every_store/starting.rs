//! Applications that start on a database that holds nothing yet.

use rocket::tokio;
use rocket_session_state::store::Store;
use serde_json::json;
use session_tests::client::Client;
use session_tests::crowd::at_once;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::{Database, Fixture, Storage};

use crate::{at, for_an_hour, probe, runtime, store};

on_stores!(lasting, two_applications_that_start_together_on_an_empty_store_both_serve);

fn two_applications_that_start_together_on_an_empty_store_both_serve(storage: Storage) {
    let engine = &*storage;
    let running = at_once(2, 1, |_, _| probe(&engine.rocket_toml()).start());
    let jar = Jar::default();
    for (n, app) in running.iter().enumerate() {
        let visitor = Client::with_jar(&app.url(), &jar);
        let ops = json!({ "ops": [["get", "n", null], ["set", "n", n]] });
        let answer = visitor.post("/ops").json(&ops).send();
        let before = n.checked_sub(1);
        assert_eq!(answer.json()["results"], json!([before]), "{engine}: {}", app.output());
    }
}

#[test]
fn stores_that_meet_at_an_empty_database_all_work() {
    for database in Database::all() {
        runtime().block_on(async {
            let meeting: Vec<_> = (0..12)
                .map(|n| {
                    let store = store(&database);
                    tokio::spawn(
                        async move { store.swap(at(0), &format!("k{n}"), None, for_an_hour(b"x")).await },
                    )
                })
                .collect();
            for one in meeting {
                one.await.unwrap().unwrap();
            }
        });
        assert_eq!(database.query("SELECT count(*) FROM sessions"), "12", "{}", database.name());
    }
}

#[test]
#[cfg(unix)]
fn a_new_sqlite_file_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let database = Database::sqlite();
    let store = store(&database);
    runtime().block_on(store.swap(at(0), "k", None, for_an_hour(b"x"))).unwrap();
    for entry in database.file().parent().unwrap().read_dir().unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn a_database_that_is_not_there_does_not_launch_and_the_log_says_why_without_the_password() {
    let database =
        |url: &str| probe(&format!("session_type = \"sqlalchemy\"\nsession_sqlalchemy = {url:?}\n"));
    let missing = database("sqlite:////nowhere/at/all.db").refused();
    assert!(missing.contains("No such file or directory"), "{missing}");
    let port = session_tests::port::free_port();
    for url in
        [format!("postgresql://me:hush@127.0.0.1:{port}/d"), format!("mysql://me:hush@127.0.0.1:{port}/d")]
    {
        let refused = database(&url).refused();
        assert!(refused.contains("refused"), "{refused}");
        assert!(!refused.contains("hush"), "{refused}");
    }
}
