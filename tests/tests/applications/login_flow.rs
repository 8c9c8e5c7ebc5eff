//! The login flow on every store.

use session_tests::app::{App, Launch, example, example_with_all_features};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::Storage;

on_stores!(all, the_login_flow_works_by_changing_one_variable);

/// `ROCKET_SESSION_TYPE`, on the example's own Rocket.toml. Where a private server is, another variable says.
fn the_login_flow_works_by_changing_one_variable(storage: Storage) {
    let engine = &*storage;
    let mut launch = Launch::new(example_with_all_features("login"));
    for (key, value) in engine.rocket_environment() {
        launch = launch.env(&key, &value);
    }
    works(&launch.start(), || {
        assert_eq!(engine.keys().len(), usize::from(engine.outlives_the_application()), "{engine}");
    });
}

/// Without a server and without a second variable, and as the first command of the README builds it.
#[test]
fn a_sqlite_file_is_one_variable_away() {
    let app = Launch::new(example("login")).env("ROCKET_SESSION_TYPE", "sqlalchemy").start();
    works(&app, || assert!(app.folder().join("sessions.db").exists(), "{}", app.output()));
}

/// Nobody, then 游客, then nobody again.
fn works(app: &App, while_logged_in: impl FnOnce()) {
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    assert!(visitor.get("/").send().text().contains("visitor"), "{}", app.output());
    let name = [("username", "游客")];
    assert_eq!(visitor.post("/login").form(&name).send().status, 303, "{}", app.output());
    assert!(visitor.get("/").send().text().contains("游客"), "{}", app.output());
    while_logged_in();
    let stranger = Client::with_jar(&app.url(), &Jar::default());
    assert!(!stranger.get("/").send().text().contains("游客"));
    assert_eq!(visitor.post("/logout").send().status, 303);
    assert!(!visitor.get("/").send().text().contains("游客"));
}
