//! The Redis store against a real server: layout, lives, and the number of commands.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::cmd;
use rocket_session_state_core::store::{Loaded, New, RedisStore, Store, Swap};

use crate::calls::{HOUR, call, done, new, stored};
use crate::redis_server::{CHANNEL_OF_K, Seen, Server};

#[tokio::test]
async fn a_load_is_one_message_and_writes_nothing_without_touch() {
    let server = Server::start();
    let store = server.store();
    store.swap(call(), "session:id", None, new(b"x")).await.unwrap();
    let watch = server.watch();
    stored(&store, "session:id").await.unwrap();
    let touch = Duration::from_millis(90_900);
    store.load(call(), "session:id", Some(touch)).await.unwrap().unwrap();
    assert_eq!(
        watch.end(),
        [
            Seen::Client(r#""PTTL" "session:id""#.into()),
            Seen::Client(r#""GET" "session:id""#.into()),
            Seen::Client(r#""GETEX" "session:id" "EX" "90""#.into()),
        ]
    );
}

#[tokio::test]
async fn a_swap_is_one_command() {
    let server = Server::start();
    let store = server.store();
    store.ping(call()).await.unwrap();
    let watch = server.watch();
    store.swap(call(), "k", None, new(b"old record")).await.unwrap();
    store.swap(call(), "k", Some(&Loaded::new("old record")), new(b"new")).await.unwrap();
    store.swap(call(), "k", Some(&Loaded::new("new")), None).await.unwrap();
    let (round_trips, inner): (Vec<_>, Vec<_>) =
        watch.end().into_iter().partition(|seen| matches!(seen, Seen::Client(_)));
    assert_eq!(round_trips.len(), 3, "{round_trips:?}");
    assert_eq!(
        inner,
        [
            Seen::Script(r#""GET" "k""#.into()),
            Seen::Script(r#""SET" "k" "old record" "EX" "3600""#.into()),
            Seen::Script(r#""GET" "k""#.into()),
            Seen::Script(r#""SET" "k" "new" "EX" "3600""#.into()),
            Seen::Script(r#""GET" "k""#.into()),
            Seen::Script(r#""DEL" "k""#.into()),
            Seen::Script(format!(r#""PUBLISH" "{CHANNEL_OF_K}" """#)),
        ]
    );
}

/// Of small records the old one is sent: that is less work than hashing it, here and in Redis.
#[tokio::test]
async fn a_swap_does_not_send_a_large_old_record() {
    let server = Server::start();
    let store = server.store();
    for (size, sent) in [(1, true), (32 * 1024, true), (32 * 1024 + 1, false), (200_000, false)] {
        let (old, key) = ("x".repeat(size), format!("k{size}"));
        store.swap(call(), &key, None, new(old.as_bytes())).await.unwrap();
        let watch = server.watch();
        let expected = Loaded::new(old.clone());
        let changed = Loaded::new(format!("{}y", &old[1..]));
        assert!(matches!(
            store.swap(call(), &key, Some(&changed), new(b"lost")).await.unwrap(),
            Swap::Conflict(Some(current)) if current == expected
        ));
        assert!(matches!(
            store.swap(call(), &key, Some(&expected), new(b"new")).await.unwrap(),
            Swap::Done { .. }
        ));
        let commands = format!("{:?}", watch.end());
        assert_eq!(commands.contains(&old), sent, "{size} bytes");
    }
}

#[tokio::test]
async fn records_are_stored_exactly_as_flask_session_stores_them() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/flask-vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let items: Vec<_> = vectors.iter().filter(|vector| vector["kind"] == "redis_item").collect();
    assert_eq!(items.len(), 4);
    for item in items {
        let server = Server::start();
        let store = server.store();
        let key = item["key"].as_str().unwrap();
        let value = STANDARD.decode(item["value"].as_str().unwrap()).unwrap();
        let lifetime = Duration::from_secs_f64(item["permanent_session_lifetime"].as_f64().unwrap());

        let watch = server.watch();
        let record = New { bytes: &value, lifetime: Some(lifetime) };
        assert_eq!(store.swap(call(), key, None, Some(record)).await.unwrap(), done());
        // Read before it ends: one vector lives for a second.
        let raw: Option<Vec<u8>> = server.run(cmd("GET").arg(key));
        assert_eq!(raw, Some(value), "{}", item["id"]);
        let set = watch.end().into_iter().find_map(|seen| match seen {
            Seen::Script(command) if command.starts_with(r#""SET""#) => Some(command),
            _ => None,
        });
        let set = set.expect("a SET");
        assert!(set.starts_with(&format!(r#""SET" "{key}" "#)), "{set}");
        assert!(set.ends_with(&format!(r#" "EX" "{}""#, item["ex"])), "{set}");
    }
}

#[tokio::test]
async fn the_time_to_live_is_the_lifetime_and_touch_renews_it() {
    let server = Server::start();
    let store = server.store();
    let remaining = || {
        let left: i64 = server.run(cmd("PTTL").arg("k"));
        Duration::from_millis(u64::try_from(left).expect("a time to live"))
    };
    let close_to =
        |lifetime: Duration, left: Duration| left <= lifetime && left + Duration::from_secs(60) > lifetime;

    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    assert!(close_to(HOUR, remaining()), "{:?}", remaining());
    let touch = 24 * HOUR;
    store.load(call(), "k", Some(touch)).await.unwrap();
    assert!(close_to(24 * HOUR, remaining()), "{:?}", remaining());
    stored(&store, "k").await.unwrap();
    assert!(close_to(24 * HOUR, remaining()), "a load without touch changed the life");
    store.swap(call(), "k", Some(&Loaded::new("x")), new(b"y")).await.unwrap();
    assert!(close_to(HOUR, remaining()), "a swap kept the old life");
}

#[tokio::test]
async fn a_lifetime_below_a_second_is_a_second() {
    let server = Server::start();
    let store = server.store();
    let watch = server.watch();
    let record = New { bytes: b"x", lifetime: Some(Duration::from_millis(1)) };
    assert_eq!(store.swap(call(), "k", None, Some(record)).await.unwrap(), done());
    let commands = watch.end();
    assert!(commands.contains(&Seen::Script(r#""SET" "k" "x" "EX" "1""#.into())), "{commands:?}");
}

#[tokio::test]
async fn an_expired_record_is_absent_and_does_not_match() {
    let server = Server::start();
    let store = server.store();
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    // Ends it by the server's clock, without waiting.
    let _: i64 = server.run(cmd("PEXPIREAT").arg("k").arg(1));
    assert_eq!(stored(&store, "k").await, None);
    let swap = store.swap(call(), "k", Some(&Loaded::new("x")), new(b"y")).await.unwrap();
    assert_eq!(swap, Swap::Conflict(None));
}

#[tokio::test]
async fn a_record_that_flask_wrote_can_be_loaded_and_swapped() {
    let server = Server::start();
    let store = server.store();
    let _: () = server.run(cmd("SET").arg("session:flask").arg(b"\x80\0").arg("EX").arg(60));
    let loaded = stored(&store, "session:flask").await.unwrap();
    assert_eq!(&*loaded.bytes, b"\x80\0");
    assert_eq!(store.swap(call(), "session:flask", Some(&loaded), new(b"rust")).await.unwrap(), done());
}

#[tokio::test]
async fn the_database_of_the_url_is_the_one_that_is_used_in_the_path_or_as_a_parameter() {
    let server = Server::start();
    let at = |place: &str| RedisStore::from_url(&format!("{}{place}", server.url())).unwrap();
    at("/3").swap(call(), "k", None, new(b"x")).await.unwrap();
    assert_eq!(stored(&server.store(), "k").await, None);
    // As in redis-py, the parameter counts where both are there.
    for place in ["/3", "?db=3", "/0?db=3", "?db=3&protocol=3"] {
        assert!(stored(&at(place), "k").await.is_some(), "{place}");
    }
}

#[tokio::test]
async fn a_unix_socket_works_like_a_port() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let _server = Server::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let store = RedisStore::from_url(&format!("unix://{}", socket.display())).unwrap();
    store.ping(call()).await.unwrap();
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
}

#[tokio::test]
async fn a_unix_socket_has_a_database_a_user_and_a_password_in_every_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = Server::start_with(&["--unixsocket", socket.to_str().unwrap()]);
    let rights = ["ACL", "SETUSER", "me", "on", ">p@ss/word", "~*", "&*", "+@all"];
    let _: () = server.run(cmd(rights[0]).arg(&rights[1..]));
    let _: () = server.run(cmd("ACL").arg(&["SETUSER", "default", "off"]));
    let socket = socket.display();
    let (login, parameters) = ("me:p%40ss%2Fword@", "user=me&pass=p%40ss%2Fword");
    let first = RedisStore::from_url(&format!("unix://{login}{socket}?db=2")).unwrap();
    first.swap(call(), "k", None, new(b"x")).await.unwrap();
    for url in [
        format!("redis+unix://{login}{socket}?db=2"),
        format!("unix://{socket}?db=2&{parameters}"),
        format!("unix://{socket}?db=2&username=me&password=p%40ss%2Fword"),
        format!("unix://me@{socket}?db=2&password=p%40ss%2Fword"),
    ] {
        assert!(stored(&RedisStore::from_url(&url).unwrap(), "k").await.is_some(), "{url}");
    }
    let other = RedisStore::from_url(&format!("unix://{login}{socket}")).unwrap();
    assert_eq!(stored(&other, "k").await, None, "database 0");
    let nobody = RedisStore::from_url(&format!("unix://{socket}")).unwrap();
    assert!(nobody.ping(call()).await.is_err());
    assert!(first.address().unwrap().ends_with("redis.sock, database 2"), "{:?}", first.address());
}
