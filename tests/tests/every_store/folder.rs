//! Problems of a folder, seen from outside.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::storage::{Files, Fixture};
use tempfile::TempDir;

use crate::launch;

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
    let engine: &dyn Fixture = &files;
    let app = launch(&script, &engine.rocket_toml()).start();
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
