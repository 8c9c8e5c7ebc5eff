//! The application ends while requests are running.

use std::thread;

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::storage::{Fixture, Storage};

fn launch(engine: &dyn Fixture) -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!("[default]\n{}", engine.rocket_toml())).start()
}

on_stores!(lasting, a_request_that_runs_at_the_shutdown_is_saved_and_answered);

fn a_request_that_runs_at_the_shutdown_is_saved_and_answered(storage: Storage) {
    let engine = &*storage;
    let (ending, jar) = (launch(engine), Jar::default());
    let visitor = Client::with_jar(&ending.url(), &jar);
    assert_eq!(visitor.get("/login?name=momo&items=1").send().status, 200);
    let key = format!("session:{}", jar.get("session").expect("a session cookie"));
    let before = engine.get(&key);
    assert!(before.is_some(), "{engine}");
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let ops = json!([["set", "a", "early"], ["save"], ["sleep", 500], ["set", "a", "late"]]);
            visitor.post("/ops").json(&json!({ "ops": ops })).send()
        });
        assert!(poll::until(PATIENCE, || engine.get(&key) != before), "{engine}: nothing was saved early");
        ending.shut_down();
        assert_eq!(running.join().expect("a visitor's thread").status, 200, "{engine}");
    });
    let next = launch(engine);
    let found = Client::with_jar(&next.url(), &jar).get("/typed").send().json();
    assert_eq!(found["a"], "late", "{engine}");
}
