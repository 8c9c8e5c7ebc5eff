//! Expired rows leave the table, by themselves and when they are told to.

use rocket_session_state::Sessions;
use rocket_session_state::config::{SessionConfig, SessionType};
use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::storage::{Database, Fixture};

/// 2024-01-02 03:04:05 UTC: sessions of then have expired long ago.
const THEN: f64 = 1_704_164_645.0;

fn start(database: &Database, more: &str) -> App {
    let launch = Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!(
        "[default]\nsession_type = \"sql\"\nsession_sqlalchemy = {:?}\nsession_cookie_samesite = false\n{more}",
        database.url(),
    ));
    launch.start()
}

fn set(app: &App, at: Option<f64>) {
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    let request = visitor.post("/ops").json(&json!({ "ops": [["set", "n", 1]] }));
    let request = if let Some(at) = at { request.at(at) } else { request };
    assert_eq!(request.send().status, 200, "{}", app.output());
}

#[test]
fn a_running_application_removes_what_has_expired_and_ends_in_good_order() {
    let database = Database::sqlite();
    let app = start(&database, "session_purge_interval = 1");
    set(&app, None);
    (0..5).for_each(|_| set(&app, Some(THEN)));
    assert!(poll::until(PATIENCE, || database.keys().len() == 1), "{}", app.output());
    app.shut_down();
    assert_eq!(database.keys().len(), 1);
}

#[test]
fn requests_remove_what_has_expired_as_often_as_they_are_told_to() {
    let database = Database::sqlite();
    let app = start(&database, "session_purge_interval = 0\nsession_cleanup_n_requests = 3");
    set(&app, Some(THEN));
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    let asked = poll::until(PATIENCE, || {
        visitor.post("/ops").json(&json!({ "ops": [["get", "n", null]] })).send();
        database.keys().is_empty()
    });
    assert!(asked, "{}", app.output());
}

#[test]
fn a_cron_job_removes_what_has_expired_and_is_told_how_much_that_was() {
    let database = Database::sqlite();
    let app = start(&database, "session_purge_interval = 0");
    set(&app, None);
    (0..7).for_each(|_| set(&app, Some(THEN)));
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Sql;
    config.store.sql.url = Some(database.url());
    let removed = rocket::execute(Sessions::with_config(config).purge(&rocket::build()));
    assert_eq!((removed.unwrap(), database.keys().len()), (7, 1));
}

#[test]
fn a_cron_job_is_told_what_is_wrong() {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Sql;
    let error = rocket::execute(Sessions::with_config(config).purge(&rocket::build())).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert!(source.as_deref().is_some_and(|text| text.contains("session_sqlalchemy")), "{source:?}");
}
