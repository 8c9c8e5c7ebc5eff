//! The memcached store against a real server: layout, lives, sizes, and the number of commands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::store::{Call, Loaded, MemcachedStore, New, Store, Swap};

use crate::calls::{HOUR, call, new, stored};
use crate::memcached_server::{Server, store_at};
use crate::wiretap::Wiretap;

/// The commands that were sent, a line each; records are readable in these tests.
fn lines(tap: &Wiretap) -> Vec<String> {
    String::from_utf8_lossy(&tap.sent()).lines().map(str::to_owned).collect()
}

fn tapped(server: &Server) -> (MemcachedStore, Wiretap) {
    let tap = Wiretap::to(server.port());
    let store = MemcachedStore::from_servers([format!("127.0.0.1:{}", tap.port())]).unwrap();
    (store, tap)
}

fn version(swap: Swap) -> u64 {
    let Swap::Done { version: Some(version) } = swap else { panic!("{swap:?} has no version") };
    version
}

#[tokio::test]
async fn a_load_is_one_command_with_and_without_touch() {
    let server = Server::start();
    let (store, tap) = tapped(&server);
    store.swap(call(), "session:id", None, new(b"x")).await.unwrap();
    tap.sent();
    stored(&store, "session:id").await.unwrap();
    assert_eq!(lines(&tap), ["mg session:id v f c t"]);
    let touch = Duration::from_millis(90_900);
    store.load(call(), "session:id", Some(touch)).await.unwrap().unwrap();
    assert_eq!(lines(&tap), ["mg session:id v f c T90"]);
}

#[tokio::test]
async fn a_swap_is_one_command_and_does_not_send_the_old_record() {
    let server = Server::start();
    let (store, tap) = tapped(&server);
    let first = version(store.swap(call(), "k", None, new(b"old record")).await.unwrap());
    assert_eq!(lines(&tap), ["ms k 10 ME c T3600", "old record"]);
    let loaded = Loaded::versioned("old record", Some(first));
    let second = version(store.swap(call(), "k", Some(&loaded), new(b"new")).await.unwrap());
    assert_eq!(lines(&tap), [format!("ms k 3 c T3600 C{first}").as_str(), "new"]);
    let loaded = Loaded::versioned("new", Some(second));
    store.swap(call(), "k", Some(&loaded), None).await.unwrap();
    assert_eq!(lines(&tap), [format!("md k C{second}")]);
}

#[tokio::test]
async fn the_version_of_a_swap_is_what_the_next_one_may_expect() {
    let server = Server::start();
    let store = store_at(&server);
    let mut loaded = Loaded::new("0");
    loaded.version = Some(version(store.swap(call(), "k", None, new(b"0")).await.unwrap()));
    for n in 1..=3 {
        let bytes = n.to_string();
        let swap = store.swap(call(), "k", Some(&loaded), new(bytes.as_bytes())).await.unwrap();
        loaded = Loaded::versioned(bytes, Some(version(swap)));
    }
    assert_eq!(stored(&store, "k").await, Some(loaded));
}

#[tokio::test]
async fn the_same_bytes_under_another_number_are_still_the_expected_record() {
    let server = Server::start();
    let store = store_at(&server);
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    let loaded = stored(&store, "k").await.unwrap();
    // What a Flask application does that refreshes the session.
    assert_eq!(server.ask("set k 0 3600 1\r\nx"), "STORED");
    version(store.swap(call(), "k", Some(&loaded), new(b"y")).await.unwrap());
    let late = store.swap(call(), "k", Some(&loaded), new(b"z")).await.unwrap();
    assert!(matches!(late, Swap::Conflict(Some(current)) if current.bytes == "y"));
}

#[tokio::test]
async fn an_extended_record_is_still_the_expected_one() {
    let server = Server::start();
    let (store, tap) = tapped(&server);
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    let loaded = stored(&store, "k").await.unwrap();
    let touch = Some(HOUR);
    assert_eq!(store.load(call(), "k", touch).await.unwrap(), Some(loaded.clone()));
    tap.sent();
    version(store.swap(call(), "k", Some(&loaded), new(b"y")).await.unwrap());
    assert_eq!(lines(&tap).len(), 2, "a command and its record");
}

#[tokio::test]
async fn records_are_stored_exactly_as_flask_session_stores_them() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/flask-vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let items: Vec<_> = vectors.iter().filter(|vector| vector["kind"] == "memcached_item").collect();
    assert_eq!(items.len(), 6);
    let server = Server::start();
    let (store, tap) = tapped(&server);
    for item in items {
        let key = item["key"].as_str().unwrap();
        let value = STANDARD.decode(item["value"].as_str().unwrap()).unwrap();
        let lifetime = Duration::from_secs_f64(item["permanent_session_lifetime"].as_f64().unwrap());
        let now = UNIX_EPOCH + Duration::from_secs_f64(item["now"].as_f64().unwrap());
        store.delete(call(), key).await.unwrap();
        tap.sent();

        let record = New { bytes: &value, lifetime: Some(lifetime) };
        version(store.swap(Call { now, ..call() }, key, None, Some(record)).await.unwrap());
        // No life of ours is for ever: a lifetime below a second does not launch.
        let expiry = item["exptime"].as_u64().unwrap().max(1);
        let command = format!("ms {key} {} ME c T{expiry}\r\n", value.len());
        assert_eq!(tap.sent(), [command.as_bytes(), &value, b"\r\n"].concat(), "{}", item["id"]);

        // The moments of the vectors have passed: a real one, to see what is stored.
        store.delete(call(), key).await.unwrap();
        version(store.swap(call(), key, None, new(&value)).await.unwrap());
        let header = format!("VALUE {key} {} {}\n", item["flags"], value.len());
        let answer = server.ask(&format!("get {key}"));
        assert!(answer.starts_with(&header) && answer.ends_with("\nEND"), "{answer}");
        assert_eq!(stored(&store, key).await.unwrap().bytes, value);
    }
}

#[tokio::test]
async fn the_time_to_live_is_the_lifetime_and_touch_renews_it_beyond_thirty_days_too() {
    let server = Server::start();
    let store = store_at(&server);
    let left = || Duration::from_secs(server.seconds_left("k").expect("a time to live"));
    let close_to = |lifetime: Duration| {
        let left = left();
        assert!(left <= lifetime + Duration::from_secs(1) && left + Duration::from_secs(60) > lifetime);
    };
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    close_to(HOUR);
    for days in [30, 31, 400] {
        let lifetime = Duration::from_secs(days * 86_400);
        store.load(call(), "k", Some(lifetime)).await.unwrap().unwrap();
        close_to(lifetime);
        let loaded = stored(&store, "k").await;
        close_to(lifetime);
        let record = New { bytes: b"y", lifetime: Some(2 * lifetime) };
        store.swap(call(), "k", loaded.as_ref(), Some(record)).await.unwrap();
        close_to(2 * lifetime);
    }
}

#[tokio::test]
async fn an_expired_record_is_absent_and_does_not_match() {
    let server = Server::start();
    let store = store_at(&server);
    let long_ago = Call { now: SystemTime::now() - 100 * 24 * HOUR, ..call() };
    let record = New { bytes: b"x", lifetime: Some(31 * 24 * HOUR) };
    let swap = store.swap(long_ago, "k", None, Some(record)).await.unwrap();
    let loaded = Loaded::versioned("x", Some(version(swap)));
    assert_eq!(stored(&store, "k").await, None);
    assert_eq!(store.swap(call(), "k", Some(&loaded), new(b"y")).await.unwrap(), Swap::Conflict(None));
    assert!(!store.delete(call(), "k").await.unwrap());
}

#[tokio::test]
async fn a_record_that_flask_wrote_can_be_loaded_and_swapped() {
    let server = Server::start();
    let store = store_at(&server);
    assert_eq!(server.ask("set session:flask 0 60 5\r\nflask"), "STORED");
    let loaded = stored(&store, "session:flask").await.unwrap();
    assert_eq!(loaded.bytes, "flask");
    version(store.swap(call(), "session:flask", Some(&loaded), new(b"rust")).await.unwrap());
    assert_eq!(server.ask("get session:flask"), "VALUE session:flask 0 4\nrust\nEND");
}

#[tokio::test]
async fn a_record_too_large_for_an_item_is_refused_and_the_old_one_stays() {
    for (arguments, item) in [(&[][..], 1_048_576), (&["-I", "2m"], 2_097_152)] {
        let server = Server::start_with(arguments);
        let (store, tap) = tapped(&server);
        store.ping(call()).await.unwrap();
        for key in ["k", "a:rather:long:key"] {
            store.swap(call(), key, None, new(b"old")).await.unwrap();
            let old = stored(&store, key).await.unwrap();
            let largest = item - 59 - key.len();
            tap.sent();
            let error = store.swap(call(), key, Some(&old), new(&vec![7; largest + 1])).await.unwrap_err();
            assert!(error.is_too_large());
            assert!(error.to_string().contains(&largest.to_string()), "{error}");
            assert_eq!(tap.sent(), b"", "memcached drops the old record when it refuses the new one");
            version(store.swap(call(), key, Some(&old), new(&vec![7; largest])).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_record_that_only_the_server_finds_too_large_is_told_apart_from_an_outage() {
    let server = Server::start_with(&["-I", "512k"]);
    let error = store_at(&server).swap(call(), "k", None, new(&[7; 600_000])).await.unwrap_err();
    assert!(error.is_too_large(), "{error}");
}

#[tokio::test]
async fn a_server_without_compare_and_swap_is_refused_by_ping() {
    let server = Server::start_with(&["-C"]);
    let error = store_at(&server).ping(call()).await.unwrap_err();
    assert!(format!("{error:?}").contains("without the option -C"), "{error:?}");
}

#[tokio::test]
async fn a_key_of_250_bytes_is_the_longest() {
    let server = Server::start();
    let store = store_at(&server);
    let key = "k".repeat(250);
    store.swap(call(), &key, None, new(b"x")).await.unwrap();
    assert_eq!(stored(&store, &key).await.unwrap().bytes, "x");
    let error = store.load(call(), &format!("{key}k"), None).await.unwrap_err();
    assert!(!format!("{error:?}").contains("kkk"), "{error:?}");
}
