//! The file store when the folder, the disk or another process is not as it should be.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rocket_session_state_core::store::{Call, FileStore, Store};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::calls::{HOUR, call, done, new, stored, texts};

const KEY: &str = "session:secret-id";

/// The names of all files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path.to_string_lossy().into_owned()] })
        .collect()
}

async fn fails_everywhere(store: &FileStore, reason: &str) {
    let touch = Some(HOUR);
    let errors = [
        store.load(call(), KEY, touch).await.err(),
        store.swap(call(), KEY, None, new(b"x")).await.err(),
        store.delete(call(), KEY).await.err(),
        store.purge(call()).await.err(),
        store.ping(call()).await.err(),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("call {number} did not fail"));
        assert!(error.is_refusal(), "call {number}: {error}");
        let texts = texts(&error);
        assert!(texts.contains(reason), "call {number}: {texts}");
        assert!(!texts.contains("secret-id"), "{texts}");
    }
}

#[tokio::test]
async fn a_file_in_the_place_of_the_folder_is_an_error_and_not_an_empty_store() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("flask_session");
    fs::write(&folder, b"a file").unwrap();
    fails_everywhere(&FileStore::new(&folder), "folder of the sessions").await;
    assert_eq!(fs::read(&folder).unwrap(), b"a file");
}

#[tokio::test]
async fn a_session_that_can_not_be_read_is_an_error_and_stays() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    store.swap(call(), KEY, None, new(b"x")).await.unwrap();
    let file = files(folder.path()).into_iter().find(|file| !file.contains("lock-")).unwrap();
    // Nobody, not even root, reads a folder as a file.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let errors = [
        store.load(call(), KEY, None).await.err(),
        store.swap(call(), KEY, None, new(b"y")).await.err(),
        store.delete(call(), KEY).await.err(),
    ];
    for error in errors {
        let texts = texts(&error.expect("an error"));
        assert!(texts.contains("can't read a session in the folder of the sessions"), "{texts}");
        assert!(
            !texts.contains("secret-id")
                && !texts.contains(Path::new(&file).file_name().unwrap().to_str().unwrap())
        );
    }
    assert!(Path::new(&file).is_dir());
}

/// For the superuser nothing is forbidden; then the call succeeds and there is nothing to see.
#[tokio::test]
async fn a_folder_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    store.swap(call(), KEY, None, new(b"x")).await.unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let is_superuser = fs::read_dir(folder.path()).is_ok();
    if !is_superuser {
        fails_everywhere(&store, "Permission denied").await;
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(&*stored(&store, KEY).await.unwrap().bytes, b"x");
}

#[tokio::test]
async fn what_can_not_be_written_is_an_error_and_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    store.swap(call(), KEY, None, new(b"old")).await.unwrap();
    let old = stored(&store, KEY).await.unwrap();
    let own = folder.path().join(".rocket_session_state.__wz_cache");
    let locks: Vec<_> = files(&own);
    let moved = folder.path().join("elsewhere.__wz_cache");
    fs::rename(&own, &moved).unwrap();
    std::os::unix::fs::symlink("/dev/null", &own).unwrap();
    let error = store.swap(call(), KEY, Some(&old), new(b"new")).await.unwrap_err();
    assert!(texts(&error).contains("folder of the sessions"), "{}", texts(&error));
    assert_eq!(stored(&store, KEY).await.unwrap(), old);
    fs::remove_file(&own).unwrap();
    fs::rename(&moved, &own).unwrap();
    assert_eq!(files(&own), locks, "nothing half written is left");
    assert_eq!(store.swap(call(), KEY, Some(&old), new(b"new")).await.unwrap(), done());
}

/// A process that holds all locks there are, and stands still.
struct Stopped(Child);

impl Stopped {
    fn holding(locks: &[String]) -> Stopped {
        let script = "for lock; do exec {fd}<>\"$lock\"; flock \"$fd\"; done; echo held; read never";
        let mut command = Command::new("bash");
        command.args(["-c", script, "bash"]).args(locks).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        signal(&child, "STOP");
        Stopped(child)
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_process_that_stands_still_with_a_lock_costs_its_sessions_an_error_and_nobody_a_thread() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    store.swap(call(), KEY, None, new(b"x")).await.unwrap();
    let loaded = stored(&store, KEY).await.unwrap();
    let locks: Vec<_> = files(folder.path()).into_iter().filter(|file| file.contains("lock-")).collect();
    assert_eq!(locks.len(), 1);
    let stopped = Stopped::holding(&locks);

    let soon = || Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_millis(50) };
    let error = store.swap(soon(), KEY, Some(&loaded), new(b"y")).await.unwrap_err();
    assert!(texts(&error).contains("did not answer in time"), "{}", texts(&error));
    assert!(store.delete(soon(), KEY).await.is_err());
    let touch = Some(2 * HOUR);
    assert!(store.load(soon(), KEY, touch).await.is_err());
    assert_eq!(store.load(soon(), KEY, None).await.unwrap().as_ref(), Some(&loaded), "reading needs no lock");
    let other = ["a", "b", "c", "d"].map(|name| store.swap(call(), name, None, new(b"x")));
    let mut others = 0_u64;
    for swap in other {
        others += u64::from(swap.await.is_ok());
    }
    assert!(others >= 3, "at most one of four has the same lock");
    // A purge goes around what is locked.
    let later = Call { now: SystemTime::now() + 3 * HOUR, ..call() };
    assert_eq!(store.purge(later).await.unwrap(), others);

    drop(stopped);
    assert_eq!(&*stored(&store, KEY).await.unwrap().bytes, b"x", "what failed was not done later");
    assert_eq!(store.swap(call(), KEY, Some(&loaded), new(b"y")).await.unwrap(), done());
}
