//! The channels on which Redis tells of removed records.

use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use rocket_session_state_core::store::{DynStore, Hints, Loaded, RedisStore, Store, Watcher};
use tokio::time::{Instant, sleep, timeout};

use crate::calls::{HOUR, call, done, new};
use crate::log_lines::captured;
use crate::redis_server::{CHANNEL_OF_K, Seen, Server};
use crate::wiretap::Wiretap;

/// Longer than any of this takes; only a failing test waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it did not come to this: {what}"));
}

/// The channels that somebody listens to.
pub(crate) fn channels(server: &Server) -> Vec<String> {
    server.run(cmd("PUBSUB").arg("CHANNELS"))
}

/// A watcher of a key, of which it is certain that Redis tells it of all that comes.
pub(crate) async fn watch(store: &impl Store, key: &str) -> Hints {
    let (watcher, mut hints) = Watcher::new();
    let began = Instant::now();
    store.watch(key, watcher);
    assert!(timeout(PATIENCE, hints.wait(began)).await.expect("the hint that Redis is listened to"));
    hints
}

/// Asserts that there is a hint after `moment`.
pub(crate) async fn assert_told(hints: &mut Hints, moment: Instant) {
    assert!(timeout(PATIENCE, hints.wait(moment)).await.expect("a hint"));
}

#[tokio::test]
async fn a_removal_is_told_to_those_who_watch_its_key_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = Server::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let url = server.url();
    for url in [&url, &format!("{url}/5?protocol=3"), &format!("unix://{}", socket.display())] {
        let here = RedisStore::from_url(url).unwrap();
        let elsewhere = server.store();
        let mut hints = [watch(&here, "a").await, watch(&here, "a").await];
        let others = watch(&here, "b").await;

        elsewhere.swap(call(), "a", None, new(b"1")).await.unwrap();
        elsewhere.swap(call(), "a", Some(&Loaded::new("1")), new(b"2")).await.unwrap();
        elsewhere.swap(call(), "a", Some(&Loaded::new("1")), None).await.unwrap();
        let began = Instant::now();
        assert_eq!(elsewhere.swap(call(), "a", Some(&Loaded::new("2")), None).await.unwrap(), done());
        for hints in &mut hints {
            assert_told(hints, began).await;
        }

        elsewhere.swap(call(), "a", None, new(b"3")).await.unwrap();
        let began = Instant::now();
        assert!(elsewhere.delete(call(), "a").await.unwrap());
        for hints in &mut hints {
            assert_told(hints, began).await;
        }
        assert!(!others.any_since(began));
    }
}

#[tokio::test]
async fn a_removal_is_told_in_the_message_that_removes_and_what_is_not_removed_is_not_told() {
    let server = Server::start();
    let store = server.store();
    store.ping(call()).await.unwrap();
    store.swap(call(), "k", None, new(b"old")).await.unwrap();
    let watch = server.watch();
    store.swap(call(), "k", Some(&Loaded::new("other")), None).await.unwrap();
    store.swap(call(), "k", Some(&Loaded::new("old")), new(b"new")).await.unwrap();
    let seen = watch.end();
    assert!(!format!("{seen:?}").contains("PUBLISH"), "{seen:?}");

    let watch = server.watch();
    store.delete(call(), "k").await.unwrap();
    let told = Seen::Client(format!(r#""PUBLISH" "{CHANNEL_OF_K}" """#));
    assert_eq!(watch.end(), [Seen::Client(r#""DEL" "k""#.into()), told]);
}

#[tokio::test]
async fn nobody_listens_before_somebody_watches_or_after_all_have_gone() {
    let server = Server::start();
    let clients = || -> String { server.run(cmd("CLIENT").arg("LIST").arg("TYPE").arg("pubsub")) };
    let store = server.store();
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    store.delete(call(), "k").await.unwrap();
    assert_eq!(clients(), "");

    let (first, second) = (watch(&store, "a").await, watch(&store, "b").await);
    assert_eq!((clients().lines().count(), channels(&server).len()), (1, 2));
    drop(first);
    rest().await;
    until("one channel is left", || channels(&server).len() == 1).await;
    drop(second);
    rest().await;
    until("nobody listens", || clients().is_empty()).await;

    let _third = watch(&store, "c").await;
    assert_eq!(clients().lines().count(), 1);
    drop(store);
    until("the store's connection has gone with it", || clients().is_empty()).await;
}

/// Lets the time pass at once after which those who are gone are forgotten.
pub(crate) async fn rest() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_all_are_told_that_they_may_have_missed_something() {
    let mut server = Server::start();
    let store = server.store();
    let mut hints = [watch(&store, "a").await, watch(&store, "b").await];
    let began = Instant::now();
    let _: i64 = server.run(cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub"));
    for hints in &mut hints {
        assert_told(hints, began).await;
    }
    let began = Instant::now();
    server.store().delete(call(), "a").await.unwrap();
    assert_told(&mut hints[0], began).await;
    assert!(!hints[1].any_since(began));

    let began = Instant::now();
    server.kill();
    server.restart();
    for hints in &mut hints {
        assert_told(hints, began).await;
    }
    assert_eq!(channels(&server).len(), 2);
}

#[tokio::test]
async fn a_connection_that_went_silent_is_left_and_all_are_told() {
    let server = Server::start();
    let tap = Wiretap::to(server.port());
    let store = RedisStore::from_url(&format!("redis://127.0.0.1:{}", tap.port())).unwrap();
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    tap.cut();
    // First the sign of life is asked for, then it is missed.
    while timeout(Duration::from_millis(50), hints.wait(began)).await.is_err() {
        rest().await;
    }
    let began = Instant::now();
    server.store().delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
}

#[tokio::test]
async fn a_store_that_two_runtimes_use_goes_on_listening_when_the_first_one_has_ended() {
    let server = Server::start();
    let store = Arc::new(server.store());
    let first = Arc::clone(&store);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(watch(&first, "k"));
    })
    .join()
    .unwrap();
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    server.store().delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
}

#[tokio::test]
async fn a_store_without_its_type_and_one_that_moves_sessions_tell_too() {
    use rocket_session_state_core::store::migrating::{MigratingStore, MigrationSettings};

    let (old, target) = (Server::start(), Server::start());
    let settings = MigrationSettings {
        prefixes: ["old:".into(), "session:".into()],
        lifetime: HOUR,
        format: rocket_session_state_core::codec::Format::Msgpack,
        breaker_after: 5,
        call_timeout: PATIENCE,
    };
    let moving = MigratingStore::new(DynStore::new(target.store()), DynStore::new(old.store()), settings);
    let moving = DynStore::new(Arc::new(moving));
    let mut hints = watch(&moving, "session:k").await;
    for (server, key) in [(&target, "session:k"), (&old, "old:k")] {
        until("it is listened to", || channels(server).len() == 1).await;
        // Either may have said just now that it listens; a message comes after that.
        let store = server.store();
        let mut other = watch(&store, key).await;
        let began = Instant::now();
        store.delete(call(), key).await.unwrap();
        assert_told(&mut other, began).await;
        assert_told(&mut hints, began).await;
    }
}

#[tokio::test]
async fn a_user_of_redis_without_a_right_to_channels_ends_sessions_and_is_told_of_it_once() {
    let server = Server::start();
    let log = captured(format!("127.0.0.1:{}", server.port()));
    for (lines, (user, rights)) in
        [("a", "+@all resetchannels"), ("b", "+@all -publish &*"), ("c", "+@all -subscribe &*")]
            .into_iter()
            .enumerate()
    {
        let mut acl = cmd("ACL");
        acl.arg(&["SETUSER", user, "on", ">pw", "~*"]).arg(rights.split(' ').collect::<Vec<_>>());
        let _: () = server.run(&acl);
        let url = format!("redis://{user}:pw@127.0.0.1:{}", server.port());
        let store = RedisStore::from_url(&url).unwrap();
        let (watcher, _hints) = Watcher::new();
        store.watch("k", watcher);
        for _ in 0..2 {
            store.swap(call(), "k", None, new(b"1")).await.unwrap();
            assert_eq!(store.swap(call(), "k", Some(&Loaded::new("1")), None).await.unwrap(), done());
            store.swap(call(), "k", None, new(b"2")).await.unwrap();
            assert!(store.delete(call(), "k").await.unwrap());
        }
        until("it is in the log", || log.lines() == lines + 1).await;
        assert!(log.text().contains("&session-ended:* +publish +subscribe +unsubscribe"), "{}", log.text());
    }
}
