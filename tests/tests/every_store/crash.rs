//! The application is killed in the middle of its work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::json;
use session_tests::budget;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::storage::Storage;

use crate::probe;

/// A visitor who counts, one request after another.
#[derive(Default)]
struct Visitor {
    jar: Jar,
    acknowledged: AtomicU64,
}

impl Visitor {
    fn count(&self, url: &str, killed: &AtomicBool) {
        let client = Client::with_jar(url, &self.jar);
        while !killed.load(Ordering::Relaxed) {
            let next = self.acknowledged.load(Ordering::Relaxed) + 1;
            let ops = json!({ "ops": [["set", "n", next], ["set", "text", "x".repeat(2_000)]] });
            match client.post("/ops").json(&ops).try_send() {
                Ok(answer) if answer.status == 200 => self.acknowledged.store(next, Ordering::Relaxed),
                _ => return,
            }
        }
    }

    /// The last value that the visitor knew is there; one more may have been written without an answer.
    fn is_known_to(&self, url: &str) {
        let client = Client::with_jar(url, &self.jar);
        let answer =
            client.post("/ops").json(&json!({ "ops": [["get", "n", 0], ["get", "text", ""]] })).send();
        let seen = answer.json()["results"][0].as_u64().unwrap();
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        assert!(
            seen == acknowledged || seen == acknowledged + 1,
            "{acknowledged} acknowledged, {seen} found"
        );
        assert_eq!(answer.json()["results"][1].as_str().unwrap().len() as u64, 2_000 * seen.min(1));
        self.acknowledged.store(seen, Ordering::Relaxed);
    }
}

on_stores!(files, a_kill_in_the_middle_of_writes_loses_nothing_acknowledged_and_tears_no_record);

fn a_kill_in_the_middle_of_writes_loses_nothing_acknowledged_and_tears_no_record(storage: Storage) {
    let engine = &*storage;
    let visitors: [Visitor; 4] = Default::default();
    for kill in 0..budget::amount("KILLS", 50, 50) {
        let app = probe(&engine.rocket_toml()).start();
        let url = app.url();
        visitors.iter().for_each(|visitor| visitor.is_known_to(&url));
        let killed = AtomicBool::new(false);
        thread::scope(|threads| {
            for visitor in &visitors {
                threads.spawn(|| visitor.count(&url, &killed));
            }
            // Not always at the same point of the work.
            let total =
                || visitors.iter().map(|visitor| visitor.acknowledged.load(Ordering::Relaxed)).sum::<u64>();
            let enough = total() + 5 + kill % 7;
            assert!(poll::until(PATIENCE, || total() >= enough), "the application stands still");
            drop(app);
            killed.store(true, Ordering::Relaxed);
        });
    }
    assert_eq!(engine.keys().len(), visitors.len(), "{engine}");
    engine.check_integrity();
}
