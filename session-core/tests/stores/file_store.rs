//! The file store: cachelib's layout, its names, and what happens when there are many files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::store::{Call, FileStore, Loaded, New, Store, Swap};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::calls::{HOUR, call, done, new, stored};
use crate::log_lines::captured;

/// The names of the file of "session:s".
const SHA256: &str = "0cb43d057d48981d37e7bf619d004e79cb502f2e7cb52a8ff3b800b2222dd60f";
const MD5: &str = "e6b184b617e28efb23ac88b44f73281b";
const KEY: &str = "session:s";
const COUNT: &str = "79bc207ee04a581ab2348ca1f3494e64cd0ec36128735b8c6bc85ddd8fe1938c";

/// The file in which the store keeps its own data.
const OWN: &str = ".rocket_session_state.__wz_cache";

static VECTORS: LazyLock<Json> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/flask-vectors.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
});

fn vectors(kind: &str) -> impl Iterator<Item = &'static Json> {
    VECTORS["vectors"].as_array().unwrap().iter().filter(move |vector| vector["kind"] == kind)
}

fn text<'v>(vector: &'v Json, field: &str) -> &'v str {
    vector[field].as_str().unwrap()
}

fn bytes(vector: &Json, field: &str) -> Vec<u8> {
    STANDARD.decode(text(vector, field)).unwrap()
}

fn at(now: f64) -> Call {
    Call { now: UNIX_EPOCH + Duration::from_secs_f64(now), ..call() }
}

/// The names of the sessions in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| name != OWN).collect();
    names.sort();
    names
}

async fn create(store: &FileStore, call: Call, key: &str, lifetime: Duration) {
    let created = store.swap(call, key, None, Some(New { bytes: b"x", lifetime: Some(lifetime) })).await;
    assert_eq!(created.unwrap(), done());
}

#[tokio::test]
async fn files_are_those_of_cachelib() {
    for vector in vectors("cachelib_file") {
        let folder = TempDir::new().unwrap();
        let store = FileStore::new(folder.path());
        let (key, pickle) = (text(vector, "store_id"), bytes(vector, "pickle"));
        let lifetime = vector["permanent_session_lifetime"].as_u64().unwrap();
        let call = at(vector["now"].as_f64().unwrap());
        let path = folder.path().join(text(vector, "file_name_sha256"));
        if lifetime > 0 {
            let new = New { bytes: &pickle, lifetime: Some(Duration::from_secs(lifetime)) };
            assert_eq!(store.swap(call, key, None, Some(new)).await.unwrap(), done());
            assert_eq!(fs::read(&path).unwrap(), bytes(vector, "file"), "{}", vector["note"]);
            fs::remove_file(&path).unwrap();
        }
        for name in ["file_name_sha256", "file_name_md5"] {
            let path = folder.path().join(text(vector, name));
            fs::write(&path, bytes(vector, "file")).unwrap();
            let loaded = store.load(call, key, None).await.unwrap();
            assert_eq!(loaded, Some(Loaded::new(pickle.clone())), "{name}: {}", vector["note"]);
            fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn files_live_and_end_as_for_cachelib() {
    let mut seen = 0;
    for vector in vectors("cachelib_file_decode") {
        let folder = TempDir::new().unwrap();
        let store = FileStore::new(folder.path());
        let file = bytes(vector, "file");
        fs::write(folder.path().join(SHA256), &file).unwrap();
        let call = at(vector["now"].as_f64().unwrap());
        let loaded = store.load(call, text(vector, "store_id"), None).await.unwrap();
        match (text(vector, "result"), loaded) {
            ("loaded", Some(loaded)) => assert_eq!(loaded.bytes, file[4..]),
            ("new_session", None) => {}
            // What a pickle is, is not the store's business.
            ("new_session", Some(loaded)) => assert!(!loaded.bytes.starts_with(b"\x80"), "{}", vector["id"]),
            (result, loaded) => panic!("{}: {result}, found {loaded:?}", vector["id"]),
        }
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[tokio::test]
async fn a_record_under_its_old_name_is_read_and_moves_to_the_new_one_when_it_is_written() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    let old = b"\0\0\0\0old".to_vec();
    fs::write(folder.path().join(MD5), &old).unwrap();
    let loaded = stored(&store, KEY).await.unwrap();
    assert_eq!(&*loaded.bytes, b"old");
    assert_eq!(names(folder.path()), [MD5], "a read moves nothing");
    assert_eq!(
        store.swap(call(), KEY, None, new(b"new")).await.unwrap(),
        Swap::Conflict(Some(loaded.clone()))
    );
    assert_eq!(store.swap(call(), KEY, Some(&loaded), new(b"new")).await.unwrap(), done());
    assert_eq!(names(folder.path()), [SHA256], "no old twin stays");

    fs::write(folder.path().join(MD5), &old).unwrap();
    assert_eq!(&*stored(&store, KEY).await.unwrap().bytes, b"new", "the new name comes first");
    assert!(store.delete(call(), KEY).await.unwrap());
    assert!(names(folder.path()).is_empty(), "a deletion leaves no twin that would come back");
}

#[tokio::test]
async fn a_deletion_that_fails_half_way_does_not_bring_the_record_of_the_old_name_back() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    create(&store, call(), KEY, HOUR).await;
    // A folder, which can't be removed as a file.
    fs::create_dir(folder.path().join(MD5)).unwrap();
    store.delete(call(), KEY).await.unwrap_err();
    assert_eq!(&*stored(&store, KEY).await.unwrap().bytes, b"x", "the name that counts goes last");
}

#[tokio::test]
async fn extending_a_life_changes_nothing_but_the_first_four_bytes() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    for name in [SHA256, MD5] {
        let path = folder.path().join(name);
        fs::write(&path, [&2_000_u32.to_le_bytes(), &b"record"[..]].concat()).unwrap();
        let loaded = store.load(at(999.5), KEY, None).await.unwrap().unwrap();
        assert_eq!(loaded.expires, Some(at(2_000.0).now));
        assert_eq!(fs::read(&path).unwrap(), [&2_000_u32.to_le_bytes(), &b"record"[..]].concat());
        let loaded = store.load(at(1_000.5), KEY, Some(HOUR)).await.unwrap().unwrap();
        assert_eq!(&*loaded.bytes, b"record");
        assert_eq!(fs::read(&path).unwrap(), [&4_600_u32.to_le_bytes(), &b"record"[..]].concat());
        fs::remove_file(path).unwrap();
    }
    // A record without an end, which Flask writes for a lifetime of 0, is told as one, and keeps having none unless a
    // life is asked for.
    fs::write(folder.path().join(SHA256), b"\0\0\0\0record").unwrap();
    assert_eq!(store.load(at(1e9), KEY, None).await.unwrap().unwrap().expires, None);
    assert_eq!(fs::read(folder.path().join(SHA256)).unwrap(), b"\0\0\0\0record");
}

#[tokio::test]
async fn a_life_that_the_format_can_not_hold_ends_as_late_as_it_can() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    create(&store, at(4e9), KEY, Duration::MAX).await;
    assert_eq!(fs::read(folder.path().join(SHA256)).unwrap(), b"\xff\xff\xff\xffx");
}

#[tokio::test]
async fn files_have_the_mode_that_was_asked_for_and_nothing_half_written_is_left() {
    let folder = TempDir::new().unwrap();
    for (mode, key) in [(0o600, "a"), (0o666, "b")] {
        let store = FileStore::new(folder.path()).mode(mode);
        create(&store, call(), key, HOUR).await;
        assert!(matches!(store.swap(call(), key, None, new(b"y")).await.unwrap(), Swap::Conflict(Some(_))));
        let modes: Vec<u32> = names(folder.path())
            .iter()
            .map(|name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777)
            .collect();
        assert!(modes.contains(&mode), "{modes:?}");
    }
    let own = fs::read_dir(folder.path().join(OWN)).unwrap();
    for file in own.map(|file| file.unwrap().file_name().into_string().unwrap()) {
        assert!(file.starts_with("lock-"), "{file}");
    }
}

#[tokio::test]
async fn a_folder_is_made_with_its_parents_and_made_again() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("a/b");
    let store = FileStore::new(&folder);
    assert_eq!(store.purge(call()).await.unwrap(), 0);
    assert!(stored(&store, KEY).await.is_none());
    assert!(!folder.exists(), "nothing was written");
    create(&store, call(), KEY, HOUR).await;
    fs::remove_dir_all(&folder).unwrap();
    assert!(stored(&store, KEY).await.is_none());
    store.ping(call()).await.unwrap();
    create(&store, call(), KEY, HOUR).await;
}

#[tokio::test]
async fn a_file_that_is_too_short_is_absent_logged_and_overwritten() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    for (file, marker) in [(&b"a"[..], "has 1 bytes"), (b"ab", "has 2 bytes")] {
        let log = captured(marker);
        let before = log.lines();
        fs::write(folder.path().join(SHA256), file).unwrap();
        assert!(stored(&store, KEY).await.is_none());
        assert_eq!(log.lines(), before + 1, "{}", log.text());
        assert!(!log.text().contains("ab,"), "{}", log.text());
        assert!(!store.delete(call(), KEY).await.unwrap());
        assert!(names(folder.path()).is_empty());
        fs::write(folder.path().join(SHA256), file).unwrap();
        create(&store, call(), KEY, HOUR).await;
        store.delete(call(), KEY).await.unwrap();
    }
}

#[tokio::test]
async fn purge_removes_what_has_expired_under_either_name_and_no_file_of_anybody_else() {
    let folder = TempDir::new().unwrap();
    // Without a threshold, at which the store would purge by itself.
    let store = FileStore::new(folder.path()).threshold(0);
    for n in 0..600_u32 {
        create(&store, at(1_000.0), &format!("k{n}"), Duration::from_secs((10 + n).into())).await;
    }
    let expired = [&1_u32.to_le_bytes(), &b"x"[..]].concat();
    let others =
        [MD5.to_uppercase(), "notes.txt".to_owned(), "tmpab12cd.__wz_cache".to_owned(), COUNT.to_owned()];
    for name in others.iter().map(String::as_str).chain([MD5]) {
        fs::write(folder.path().join(name), &expired).unwrap();
    }
    assert_eq!(store.purge(at(1_009.5)).await.unwrap(), 1, "the one with the old name");
    assert_eq!(store.purge(at(1_309.5)).await.unwrap(), 300);
    assert_eq!(store.purge(at(1_309.5)).await.unwrap(), 0);
    assert_eq!(names(folder.path()).len(), 300 + others.len());
    assert!(store.load(at(1_309.5), "k300", None).await.unwrap().is_some());
}

#[tokio::test]
async fn purge_removes_what_killed_processes_have_left_but_nothing_that_is_being_written() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    store.ping(call()).await.unwrap();
    let own = folder.path().join(OWN);
    for (name, age) in [("new-old", 3_700), ("new-young", 0), ("lock-00", 3_700)] {
        let file = fs::File::options().create(true).write(true).truncate(false).open(own.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    store.purge(call()).await.unwrap();
    let exists = |name: &str| own.join(name).exists();
    assert_eq!((exists("new-old"), exists("new-young"), exists("lock-00")), (false, true, true));
}

#[tokio::test]
async fn cachelibs_count_of_files_follows_what_is_created_and_deleted_here() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    let count = || fs::read(folder.path().join(COUNT)).ok();
    create(&store, call(), "a", HOUR).await;
    assert_eq!(count(), None, "cachelib does not count, so neither do we");
    // As cachelib writes it: 299 files.
    fs::write(folder.path().join(COUNT), b"\0\0\0\0\x80\x05M+\x01.").unwrap();
    create(&store, call(), "b", HOUR).await;
    assert_eq!(count().unwrap(), b"\0\0\0\0\x80\x05M,\x01.");
    let loaded = stored(&store, "b").await.unwrap();
    store.swap(call(), "b", Some(&loaded), new(b"y")).await.unwrap();
    assert_eq!(count().unwrap(), b"\0\0\0\0\x80\x05M,\x01.", "a change is no new file");
    store.delete(call(), "a").await.unwrap();
    let loaded = stored(&store, "b").await.unwrap();
    store.swap(call(), "b", Some(&loaded), None).await.unwrap();
    assert_eq!(count().unwrap(), b"\0\0\0\0\x80\x05M*\x01.");
    create(&store, at(1_000.0), "c", Duration::from_secs(1)).await;
    assert_eq!(store.purge(call()).await.unwrap(), 1);
    assert_eq!(count().unwrap(), b"\0\0\0\0\x80\x05M*\x01.");
    for vector in vectors("cachelib_file") {
        assert_eq!(text(vector, "count_file_name"), COUNT);
    }
}

/// Creates sessions that live for a second or for an hour, until `done` says so.
async fn create_until(store: &FileStore, lifetime: Duration, now: f64, mut is_done: impl FnMut() -> bool) {
    for n in 0..20_000 {
        create(store, at(now), &format!("{now}:{n}"), lifetime).await;
        if is_done() {
            return;
        }
    }
    panic!("20,000 sessions and nothing has happened");
}

#[tokio::test]
async fn above_the_threshold_what_has_expired_goes_unasked_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path()).threshold(30);
    let log = captured(folder.path().to_string_lossy());
    for n in 0..20 {
        create(&store, at(1_000.0), &format!("old{n}"), Duration::from_secs(1)).await;
    }
    let first = "2000:0";
    create_until(&store, HOUR, 2_000.0, || names(folder.path()).len() > 31 && log.lines() > 0).await;
    let text = log.text();
    assert!(text.contains("more than the 30 of session_file_threshold"), "{text}");
    for n in 0..20 {
        assert!(store.load(at(1_000.0), &format!("old{n}"), None).await.unwrap().is_none(), "it was removed");
    }
    assert!(store.load(at(2_000.0), first, None).await.unwrap().is_some());
    let many = names(folder.path()).len();
    create_until(&store, HOUR, 3_000.0, || names(folder.path()).len() > 2 * many + 100).await;
    assert_eq!(log.lines(), 1, "it is said once: {}", log.text());
    assert!(store.load(at(3_000.0), first, None).await.unwrap().is_some(), "nothing alive is removed");
}

#[tokio::test]
async fn without_a_threshold_nobody_looks() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path()).threshold(0);
    let log = captured(folder.path().to_string_lossy());
    for n in 0..100 {
        create(&store, at(1_000.0 + f64::from(n)), &format!("k{n}"), Duration::from_secs(1)).await;
    }
    assert_eq!((names(folder.path()).len(), log.lines()), (100, 0));
}

#[tokio::test]
async fn folders_made_here_are_open_to_those_who_share_the_files_and_others_stay_as_they_are() {
    let parent = TempDir::new().unwrap();
    let mode = |folder: &Path| fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    for (files, rights) in [(0o660, 0o070), (0o640, 0o050), (0o662, 0o073)] {
        let folder = parent.path().join(format!("{files:o}"));
        FileStore::new(&folder).mode(files).ping(call()).await.unwrap();
        for folder in [folder.join(OWN), folder] {
            assert_eq!(mode(&folder) & rights, rights, "{folder:?}: {:o}", mode(&folder));
        }
    }
    fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o700)).unwrap();
    FileStore::new(parent.path()).mode(0o660).ping(call()).await.unwrap();
    assert_eq!(mode(parent.path()), 0o700);
}

#[tokio::test]
async fn a_dropped_swap_is_done_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let store = FileStore::new(folder.path());
    create(&store, call(), KEY, HOUR).await;
    let mut expected = stored(&store, KEY).await.unwrap();
    for n in 0..100_u8 {
        let record = vec![n; 100_000];
        let swap = store.swap(call(), KEY, Some(&expected), new(&record));
        let _ = tokio::time::timeout(Duration::from_micros(u64::from(n) * 10), swap).await;
        let now = stored(&store, KEY).await.unwrap();
        assert!(now == expected || now.bytes == record);
        // What was dropped may still be done: with a lock of its own the next swap waits for it.
        let settled = store.swap(call(), KEY, Some(&now), new(&record)).await.unwrap();
        expected = match settled {
            Swap::Done { .. } => Loaded::new(record),
            Swap::Conflict(current) => current.unwrap(),
        };
    }
}
