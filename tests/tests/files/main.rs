//! Applications whose sessions are files: killed in the middle of their work, and two at once.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::json;
use session_tests::app::Launch;
use session_tests::budget;
use session_tests::client::Client;
use session_tests::engine::Engine;
use session_tests::files::Files;
use session_tests::jar::Jar;
use session_tests::poll;
use session_tests::process::PATIENCE;
use tempfile::TempDir;

fn probe(files: &Files) -> Launch {
    launch(files, env!("CARGO_BIN_EXE_probe"))
}

fn launch(files: &Files, program: impl AsRef<Path>) -> Launch {
    Launch::new(program).toml(&format!(
        "[default]\n{}session_cookie_samesite = false\nsession_store_timeout = 20\nsession_request_timeout = 60\n",
        Engine::Files(files).rocket_toml()
    ))
}

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

    /// What the visitor last knew is there; one more may have been written without an answer.
    fn is_known_to(&self, url: &str) {
        let client = Client::with_jar(url, &self.jar);
        let ops = json!({ "ops": [["get", "n", 0], ["get", "text", ""]] });
        let results = client.post("/ops").json(&ops).send().json()["results"].clone();
        let seen = results[0].as_u64().unwrap();
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        assert!(
            seen == acknowledged || seen == acknowledged + 1,
            "{acknowledged} acknowledged, {seen} found"
        );
        assert_eq!(results[1].as_str().unwrap().len() as u64, 2_000 * seen.min(1), "a whole record");
        self.acknowledged.store(seen, Ordering::Relaxed);
    }
}

#[test]
fn a_kill_in_the_middle_of_writes_loses_nothing_acknowledged_and_tears_no_record() {
    let files = Files::new();
    let visitors: [Visitor; 4] = Default::default();
    for kill in 0..budget::amount("KILLS", 50, 50) {
        let app = probe(&files).start();
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
    assert_eq!(files.keys().len(), 4);
}

#[test]
fn increments_of_two_processes_add_up() {
    let files = Files::new();
    let apps = [probe(&files).start(), probe(&files).start()];
    let jar = Jar::default();
    let first = Client::with_jar(&apps[0].url(), &jar);
    assert_eq!(first.post("/typed").json(&json!({ "add_counter": 0, "a": "x" })).send().status, 200);
    thread::scope(|threads| {
        for app in apps.iter().cycle().take(8) {
            let client = Client::with_jar(&app.url(), &jar);
            threads.spawn(move || {
                for _ in 0..50 {
                    let answer = client.post("/typed").json(&json!({ "add_counter": 1 })).send();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
    assert_eq!(first.get("/state").send().json()["counter"], 400);
    assert_eq!(files.keys().len(), 1);
}

#[test]
fn a_folder_that_can_not_be_used_does_not_launch() {
    let files = Files::new();
    let taken = files.path().join("taken");
    fs::write(&taken, b"a file").unwrap();
    let refused = Launch::new(env!("CARGO_BIN_EXE_probe"))
        .toml(&format!("[default]\nsession_type = \"filesystem\"\nsession_file_dir = {taken:?}\n"))
        .refused();
    assert!(refused.contains("in the folder of the sessions") && refused.contains("taken"), "{refused}");
}

/// The system lets a process write no file above a size, as a full disk does: after a part of it.
#[test]
fn a_disk_that_takes_only_a_part_is_a_503_and_the_session_stays_as_it_was() {
    let files = Files::new();
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("limited.sh");
    let limit = "#!/bin/bash\ntrap '' XFSZ\nulimit -f 8\n"; // KiB; without the trap it would be killed
    fs::write(&script, format!("{limit}exec {:?}\n", env!("CARGO_BIN_EXE_probe"))).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let app = launch(&files, &script).start();
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    let set = |length: usize| {
        let ops = json!({ "ops": [["set", "text", "x".repeat(length)]] });
        visitor.post("/ops").json(&ops).send().status
    };
    assert_eq!(set(100), 200);
    assert_eq!(set(20_000), 503);
    let results = visitor.post("/ops").json(&json!({ "ops": [["get", "text"]] })).send().json();
    assert_eq!(results["results"][0].as_str().unwrap().len(), 100);
    assert_eq!(set(200), 200, "{}", app.output());
    let own = fs::read_dir(files.path().join(".rocket_session_state.__wz_cache")).unwrap();
    let drafts = own.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("new-"));
    assert_eq!(drafts.count(), 0, "nothing half written is left");
}
