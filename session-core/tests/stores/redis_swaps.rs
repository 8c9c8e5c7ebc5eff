//! Swaps in both forms: by the server's own command, and by the script.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use redis::aio::ConnectionManager;
use redis::{Client, cmd};
use rocket_session_state_conformance::Suite;
use rocket_session_state_core::store::{Loaded, New, RedisStore, Store, Swap};
use test_servers::engine::Engine;

use crate::calls::{HOUR, call, done, new, stored, texts};
use crate::conformance::Older;
use crate::redis_server::{CHANNEL_OF_K, Seen, Server};

/// The names of commands that came from clients.
fn commands(seen: Vec<Seen>) -> Vec<String> {
    let name = |seen| match seen {
        Seen::Client(command) => Some(command.split('"').nth(1).unwrap_or_default().to_owned()),
        Seen::Script(_) => None,
    };
    seen.into_iter().filter_map(name).collect()
}

/// Creates, replaces and removes a record, and returns the commands for it.
async fn life_of_a_record(server: &Server, store: &RedisStore) -> Vec<String> {
    store.ping(call()).await.unwrap();
    let watch = server.watch();
    assert_eq!(store.swap(call(), "k", None, new(b"old")).await.unwrap(), done());
    assert_eq!(store.swap(call(), "k", Some(&Loaded::new("old")), new(b"new")).await.unwrap(), done());
    assert_eq!(store.swap(call(), "k", Some(&Loaded::new("new")), None).await.unwrap(), done());
    commands(watch.end())
}

#[tokio::test]
async fn valkey_swaps_by_its_own_command_and_removes_by_the_script_which_tells_of_it() {
    for engine in [Engine::Valkey8_1, Engine::Valkey9_1] {
        let server = Server::start_engine(engine, &[]);
        let store = server.store();
        store.ping(call()).await.unwrap();
        let watch = server.watch();
        store.swap(call(), "k", None, new(b"old")).await.unwrap();
        let keeping = New { bytes: b"new", lifetime: None };
        store.swap(call(), "k", Some(&Loaded::new("old")), Some(keeping)).await.unwrap();
        store.swap(call(), "k", Some(&Loaded::new("new")), None).await.unwrap();
        let seen = watch.end();
        assert_eq!(
            seen[..2],
            [
                Seen::Client(r#""SET" "k" "old" "NX" "GET" "EX" "3600""#.into()),
                Seen::Client(r#""SET" "k" "new" "IFEQ" "old" "GET" "KEEPTTL""#.into()),
            ]
        );
        assert_eq!(seen.last(), Some(&Seen::Script(format!(r#""PUBLISH" "{CHANNEL_OF_K}" """#))));
        assert_eq!(commands(seen), ["SET", "SET", "EVALSHA"], "{engine}");
    }
}

#[tokio::test]
async fn a_conflict_tells_what_is_stored_and_changes_nothing_in_both_forms() {
    for engine in Engine::ALL {
        let server = Server::start_engine(engine, &[]);
        let store = server.store();
        store.swap(call(), "k", None, new(b"mine")).await.unwrap();
        let conflict = Swap::Conflict(Some(Loaded::new("mine")));
        for (expected, written) in [
            (None, new(b"x")),
            (Some("other"), new(b"x")),
            (Some(""), new(b"x")),
            (Some("other"), None),
            (Some("other"), Some(New { bytes: b"x", lifetime: None })),
        ] {
            let expected = expected.map(Loaded::new);
            let swapped = store.swap(call(), "k", expected.as_ref(), written).await.unwrap();
            assert_eq!(swapped, conflict, "{engine}, {expected:?}");
        }
        assert_eq!(stored(&store, "k").await.unwrap().bytes, "mine", "{engine}");
        for expected in ["", "mine"] {
            let absent = store.swap(call(), "absent", Some(&Loaded::new(expected)), new(b"x")).await.unwrap();
            assert_eq!(absent, Swap::Conflict(None), "{engine}");
        }
        assert_eq!(server.keys(), ["k"], "{engine}");
    }
}

/// A record that is replaced by the same bytes gets another life, and an empty record is a record.
#[tokio::test]
async fn equal_and_empty_records_are_swapped_and_lives_are_kept_or_given_in_both_forms() {
    for engine in Engine::ALL {
        let server = Server::start_engine(engine, &[]);
        let store = server.store();
        assert_eq!(store.swap(call(), "k", None, new(b"")).await.unwrap(), done());
        let empty = Loaded::new("");
        let longer = New { bytes: b"", lifetime: Some(HOUR * 3) };
        assert_eq!(store.swap(call(), "k", Some(&empty), Some(longer)).await.unwrap(), done(), "{engine}");
        assert!(server.ttl("k").is_some_and(|left| left > HOUR * 2), "{engine}");
        let keeping = New { bytes: b"x", lifetime: None };
        assert_eq!(store.swap(call(), "k", Some(&empty), Some(keeping)).await.unwrap(), done(), "{engine}");
        assert!(server.ttl("k").is_some_and(|left| left > HOUR * 2), "{engine}");
        assert_eq!(server.get("k").as_deref(), Some(&b"x"[..]), "{engine}");
    }
}

#[tokio::test]
async fn a_large_record_is_swapped_in_both_forms() {
    for engine in [Engine::Redis7_0, Engine::Valkey8_1] {
        let server = Server::start_engine(engine, &[]);
        let store = server.store();
        let [large, larger] = [vec![1; 300_000], vec![2; 500_000]];
        assert_eq!(store.swap(call(), "k", None, new(&large)).await.unwrap(), done());
        let changed = store.swap(call(), "k", Some(&Loaded::new(large)), new(&larger)).await.unwrap();
        assert_eq!(changed, done(), "{engine}");
        assert_eq!(stored(&store, "k").await.unwrap().bytes, larger, "{engine}");
    }
}

#[tokio::test]
async fn what_is_no_record_is_an_error_in_both_forms() {
    for engine in Engine::ALL {
        let server = Server::start_engine(engine, &[]);
        let store = server.store();
        let _: i64 = server.run(cmd("RPUSH").arg("k").arg("of another type"));
        for expected in [None, Some(Loaded::new("x"))] {
            let error = store.swap(call(), "k", expected.as_ref(), new(b"x")).await.unwrap_err();
            assert!(error.is_refusal(), "{engine}: {}", texts(&error));
        }
    }
}

#[tokio::test]
async fn another_server_in_the_place_of_one_is_asked_again_what_it_knows() {
    let mut server = Server::start_engine(Engine::Valkey8_1, &[]);
    let store = server.store();
    assert_eq!(life_of_a_record(&server, &store).await, ["SET", "SET", "EVALSHA"]);
    for (engine, expected) in [
        (Engine::Redis7_0, ["EVALSHA", "EVALSHA", "EVALSHA"]),
        (Engine::Valkey8_1, ["SET", "SET", "EVALSHA"]),
        (Engine::Redis6_2, ["EVALSHA", "EVALSHA", "EVALSHA"]),
    ] {
        server.restart_as(engine);
        // The first call may meet the connection to the server that has ended.
        let _ = store.ping(call()).await;
        assert_eq!(life_of_a_record(&server, &store).await, expected, "{engine}");
    }
}

/// Valkey that is told to resemble Redis, one that hides what it is, and a connection of the application, which may lead to
/// another server at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_that_does_not_say_so_gets_scripts_and_passes_the_suite() {
    for settings in [["--extended-redis-compatibility", "yes"].as_slice(), &["--rename-command", "HELLO", ""]]
    {
        let server = Server::start_engine(Engine::Valkey8_1, settings);
        let store = server.store();
        assert_eq!(life_of_a_record(&server, &store).await, ["EVALSHA"; 3], "{settings:?}");
        Suite::new(store).aged_by(Older::at(&server).await).histories(16).run().await.unwrap();
    }
    let server = Server::start_engine(Engine::Valkey8_1, &[]);
    let manager = ConnectionManager::new(Client::open(server.url()).unwrap()).await.unwrap();
    let store = RedisStore::from_manager(manager);
    assert_eq!(life_of_a_record(&server, &store).await, ["EVALSHA"; 3]);
    Suite::new(store).aged_by(Older::at(&server).await).histories(16).run().await.unwrap();
}

/// A proxy that answers `HELLO` itself, for servers that know less.
#[tokio::test]
async fn where_a_server_does_not_know_what_it_says_the_refused_swap_is_repeated_as_a_script() {
    let server = Server::start();
    let _replica = server.replica();
    let store = || RedisStore::from_url(&format!("redis://127.0.0.1:{}", boaster(server.port()))).unwrap();
    let (plain, confirmed) = (store(), store().wait_for_replicas(1).unwrap());
    // A new record is no trouble for it.
    assert_eq!(life_of_a_record(&server, &plain).await, ["SET", "SET", "EVALSHA", "EVALSHA"]);
    assert_eq!(life_of_a_record(&server, &plain).await, ["EVALSHA"; 3]);
    let expected = ["SET", "WAIT", "SET", "EVALSHA", "WAIT", "EVALSHA", "WAIT"];
    assert_eq!(life_of_a_record(&server, &confirmed).await, expected);
}

/// Passes connections on to a server, and says that it is a Valkey that swaps by itself; returns the port.
fn boaster(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let carry = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let is_hello = buffer[..length].windows(6).any(|word| word == b"server");
                let bytes: &[u8] = if is_hello { VALKEY } else { &buffer[..length] };
                if to.write_all(bytes).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    };
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(onward) = TcpStream::connect(("127.0.0.1", server)) else { return };
            carry(client.try_clone().unwrap(), onward.try_clone().unwrap());
            carry(onward, client);
        }
    });
    port
}

/// The answer to `HELLO`.
const VALKEY: &[u8] = b"*4\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n9.1.0\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes_on_valkey_in_protocol_3() {
    let server = Server::start_engine(Engine::Valkey9_1, &[]);
    let store = RedisStore::from_url(&format!("{}/?protocol=resp3", server.url())).unwrap();
    assert_eq!(life_of_a_record(&server, &store).await, ["SET", "SET", "EVALSHA"]);
    Suite::new(store).aged_by(Older::at(&server).await).run().await.unwrap();
}
