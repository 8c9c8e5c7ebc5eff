//! The Redis store when the server is down, frozen, restarted, hostile or not what it should be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use futures_util::future::join_all;
use redis::cmd;
use rocket_session_state_core::store::{Loaded, RedisStore, Store, StoreError};
use tokio::time::{Instant, timeout};

use crate::calls::{HOUR, call, done, new, stored, texts, until, within};
use crate::redis_server::{Seen, Server};
use crate::server_faults::{self, no_read_believes, no_write_believes};
use test_servers::port::free_port;

/// The answer of a server to the two commands with which the client introduces itself.
const HELLO: &[u8] = b"+OK\r\n+OK\r\n";

#[tokio::test]
async fn a_store_can_be_made_while_its_server_is_down_and_ping_tells() {
    let store = RedisStore::from_url(&format!("redis://:s3cret@127.0.0.1:{}", free_port())).unwrap();
    let error = store.ping(call()).await.unwrap_err();
    assert!(texts(&error).contains("onnection refused"), "{}", texts(&error));
    assert!(!texts(&error).contains("s3cret") && !format!("{store:?}").contains("s3cret"));
}

#[tokio::test]
async fn every_call_fails_at_once_while_the_server_is_down() {
    let mut server = Server::start();
    let store = server.store();
    store.ping(call()).await.unwrap();
    server.kill();
    server_faults::every_call_fails_at_once(&store).await;
}

#[tokio::test]
async fn the_first_call_after_an_outage_works() {
    let mut server = Server::start();
    let store = server.store();
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    server.kill();
    assert!(store.load(call(), "k", None).await.is_err());
    server.restart();
    assert_eq!(store.load(call(), "k", None).await.unwrap(), None);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
}

#[tokio::test]
async fn a_restart_that_nobody_noticed_costs_at_most_one_call() {
    let mut server = Server::start();
    let store = server.store();
    store.ping(call()).await.unwrap();
    server.kill();
    server.restart();
    let _ = store.load(call(), "k", None).await;
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
}

#[tokio::test]
async fn a_swap_works_after_the_server_has_forgotten_its_scripts() {
    let server = Server::start();
    let store = server.store();
    store.swap(call(), "k", None, new(b"1")).await.unwrap();
    let _: () = server.run(cmd("SCRIPT").arg("FLUSH"));
    assert_eq!(store.swap(call(), "k", Some(&Loaded::new("1")), new(b"2")).await.unwrap(), done());
    let watch = server.watch();
    assert_eq!(store.swap(call(), "k", Some(&Loaded::new("2")), new(b"3")).await.unwrap(), done());
    let commands = watch.end();
    assert_eq!(commands.iter().filter(|seen| matches!(seen, Seen::Client(_))).count(), 1, "{commands:?}");
}

#[tokio::test]
async fn a_key_of_another_type_is_an_error_and_stays() {
    let server = Server::start();
    let store = server.store();
    let _: i64 = server.run(cmd("RPUSH").arg("secret-key").arg("secret-item"));
    let touch = Some(HOUR);
    let expected = Loaded::new("secret-record");
    for error in [
        store.load(call(), "secret-key", None).await.unwrap_err(),
        store.load(call(), "secret-key", touch).await.unwrap_err(),
        store.swap(call(), "secret-key", None, new(b"secret-record")).await.unwrap_err(),
        store.swap(call(), "secret-key", Some(&expected), None).await.unwrap_err(),
    ] {
        assert!(texts(&error).contains("WRONGTYPE"), "{}", texts(&error));
        assert!(!texts(&error).contains("secret"), "{}", texts(&error));
    }
    let items: Vec<String> = server.run(cmd("LRANGE").arg("secret-key").arg(0).arg(-1));
    assert_eq!(items, ["secret-item"]);
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_names_no_password_and_heals() {
    let server = Server::start();
    let store = RedisStore::from_url(&server.url().replace("//", "//:s3cret@")).unwrap();
    let _: () = server.run(cmd("CONFIG").arg("SET").arg("requirepass").arg("other"));
    let error = store.ping(call()).await.unwrap_err();
    assert!(!texts(&error).contains("s3cret"), "{}", texts(&error));
    let admin = redis::Client::open(server.url().replace("//", "//:other@")).unwrap();
    let mut connection = admin.get_connection().unwrap();
    cmd("CONFIG").arg("SET").arg("requirepass").arg("s3cret").exec(&mut connection).unwrap();
    store.ping(call()).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_refused_is_an_outage_that_says_so() {
    let server = Server::start_with(&["--requirepass", "s3cret", "--databases", "4"]);
    let port = server.port();
    for url in [format!("redis://127.0.0.1:{port}/2"), format!("redis://:s3cret@127.0.0.1:{port}/4")] {
        let error = RedisStore::from_url(&url).unwrap().load(call(), "k", None).await.unwrap_err();
        let text = texts(&error);
        assert!(
            error.is_outage() && text.contains("a login is missing, or it has fewer databases"),
            "{text}"
        );
        assert!(!text.contains("s3cret") && error.wrote_nothing(), "{text}");
    }
}

#[tokio::test]
async fn a_server_too_old_for_getex_is_noticed_by_ping() {
    let server = Server::start_with(&["--rename-command", "GETEX", ""]);
    let store = server.store();
    let error = store.ping(call()).await.unwrap_err();
    assert!(texts(&error).contains("6.2"), "{}", texts(&error));
    let touch = Some(HOUR);
    let error = store.load(call(), "secret-key", touch).await.unwrap_err();
    assert!(texts(&error).contains("6.2") && !texts(&error).contains("secret"), "{}", texts(&error));
}

#[tokio::test]
async fn a_call_given_up_on_a_frozen_server_does_not_disturb_the_next_ones() {
    let server = Server::start();
    let store = server.store();
    for key in ["a", "b", "c"] {
        store.swap(call(), key, None, new(key.as_bytes())).await.unwrap();
    }
    server.pause();
    // One kind of caller gives up at its deadline, another one is cancelled long before it: the
    // first makes the store try a new connection, the second leaves the old one in use.
    let patient = until(Duration::from_secs(60));
    assert!(timeout(Duration::from_millis(50), store.load(patient, "a", None)).await.is_err());
    assert!(timeout(Duration::from_millis(50), store.swap(patient, "d", None, new(b"d"))).await.is_err());
    server.resume();
    assert_eq!(stored(&store, "b").await.unwrap().bytes, "b");
    assert_eq!(stored(&store, "d").await.unwrap().bytes, "d", "the swap was sent before it was dropped");

    server.pause();
    // The first one is sent in vain, the second one has no other connection yet.
    for (key, text, sent) in [("a", "in time", true), ("b", "timed out", false)] {
        let late = until(Duration::from_millis(50));
        let error = within(late, store.load(late, key, None)).await.unwrap_err();
        assert!(texts(&error).contains(text), "{}", texts(&error));
        assert_eq!(error.wrote_nothing(), !sent, "{error:?}");
    }
    server.resume();
    for key in ["c", "b", "a", "c"] {
        assert_eq!(stored(&store, key).await.unwrap().bytes, key);
    }
}

#[tokio::test]
async fn a_connection_that_went_silent_is_left_after_a_deadline() {
    let server = Server::start();
    let store = behind(vec![None, Some(server.port())]);
    let late = until(Duration::from_millis(100));
    assert!(within(late, store.load(late, "k", None)).await.is_err());
    assert_eq!(within(call(), store.load(call(), "k", None)).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_costs_sixty_four_calls_one_connection_and_their_own_time() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let store = RedisStore::from_url(&format!("redis://{}", mute.local_addr().unwrap())).unwrap();
    let begin = Instant::now();
    let call = until(Duration::from_millis(500));
    let calls = (0..64).map(|_| within(call, store.load(call, "k", None)));
    assert!(join_all(calls).await.iter().all(Result::is_err));
    // Where each tried for itself, one after the other, the last would have waited for half a minute.
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    mute.set_nonblocking(true).unwrap();
    let connections = std::iter::from_fn(|| mute.accept().ok()).count();
    assert_eq!(connections, 1);
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_left_for_the_one_that_its_name_leads_to() {
    let (old, promoted) = (Server::start(), Server::start());
    let store = behind(vec![Some(old.port()), Some(promoted.port())]);
    store.ping(call()).await.unwrap();
    let _: () = old.run(cmd("REPLICAOF").arg("127.0.0.1").arg(free_port()));
    let error = store.swap(call(), "k", None, new(b"x")).await.unwrap_err();
    assert!(texts(&error).contains("READONLY"), "{}", texts(&error));
    assert_eq!(within(call(), store.swap(call(), "k", None, new(b"x"))).await.unwrap(), done());
    assert!(stored(&promoted.store(), "k").await.is_some());
}

#[tokio::test]
async fn answers_about_one_call_are_refusals_and_a_server_that_is_away_or_loads_is_an_outage() {
    let mut server = Server::start();
    let store = server.store();
    let _: () = server.run(cmd("HSET").arg("hash").arg("x").arg("y"));
    let _: () = server.run(cmd("CONFIG").arg("SET").arg("maxmemory").arg("1"));
    assert_eq!(store.load(call(), "absent", None).await.unwrap(), None);
    let touch = Some(HOUR);
    let mut refusals = vec![
        store.load(call(), "hash", None).await.map(drop),
        store.swap(call(), "k", None, new(b"x")).await.map(drop),
    ];
    let _: () = server.run(cmd("ACL").arg("SETUSER").arg("default").arg("-getex"));
    refusals.push(store.load(call(), "absent", touch).await.map(drop));
    let moved = liar(HELLO, b"-MOVED 3999 127.0.0.1:6381\r\n");
    refusals.push(within(call(), moved.load(call(), "k", None)).await.map(drop));
    for (refusal, code) in refusals.into_iter().zip(["WRONGTYPE", "OOM", "NOPERM", "MOVED"]) {
        let error = refusal.unwrap_err();
        assert!(
            error.is_refusal() && !error.is_outage() && texts(&error).contains(code),
            "{}",
            texts(&error)
        );
    }
    server.kill();
    let loading = liar(HELLO, b"-LOADING loading the dataset\r\n");
    for outage in [store.load(call(), "k", None).await, within(call(), loading.load(call(), "k", None)).await]
    {
        assert!(outage.as_ref().is_err_and(StoreError::is_outage), "{outage:?}");
    }
}

/// A store whose connections lead to these ports, one after the other. `None` is a way that is
/// lost without a sign: the connection stays open after its set-up, and nothing comes back.
fn behind(ports: Vec<Option<u16>>) -> RedisStore {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for port in ports {
            let (mut stream, _) = listener.accept().unwrap();
            match port {
                Some(port) => {
                    let onward = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    carry(stream.try_clone().unwrap(), onward.try_clone().unwrap());
                    carry(onward, stream);
                }
                None => {
                    stream.write_all(HELLO).unwrap();
                    silent.push(stream);
                }
            }
        }
    });
    RedisStore::from_url(&format!("redis://{address}")).unwrap()
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
}

/// A server that introduces itself well and then answers every command with the same bytes.
fn liar(greeting: &'static [u8], answer: &'static [u8]) -> RedisStore {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 65_536];
            let mut is_greeted = false;
            while let Ok(length @ 1..) = stream.read(&mut request) {
                let commands =
                    request[..length].split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"*"));
                let next = if is_greeted { answer.repeat(commands.count()) } else { greeting.to_vec() };
                if stream.write_all(&next).is_err() {
                    break;
                }
                is_greeted = true;
            }
        }
    });
    RedisStore::from_url(&format!("redis://{address}")).unwrap()
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_an_error_and_never_absent() {
    let answers: [(&[u8], &[u8]); 9] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\nsecret", b"HTTP/1.1 400 Bad Request\r\n\r\nsecret"),
        (HELLO, b"secret garbage\r\n"),
        (HELLO, b"+secret\r\n"),
        (HELLO, b":7\r\n"),
        (HELLO, b"*2\r\n$6\r\nsecret\r\n$-1\r\n"),
        (HELLO, b"-ERR unknown command 'GET', with args beginning with: 'secret' \r\n"),
        (HELLO, b"-ERR something about secret\r\n"),
        (HELLO, b"-secret word\r\n"),
        (HELLO, b"$6\r\nsecretXX"),
    ];
    for (greeting, answer) in answers {
        let store = liar(greeting, answer);
        no_read_believes(answer, &store).await;
        no_write_believes(answer, &store).await;
    }
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (swaps, sent) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 65_536];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(HELLO);
            // What kind of server it is, it does not say.
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"-ERR unknown command\r\n");
            let length = stream.read(&mut request).unwrap_or(0);
            let _ = swaps.send(String::from_utf8_lossy(&request[..length]).into_owned());
            // The connection ends here: the swap may have happened.
        }
    });
    let store = RedisStore::from_url(&format!("redis://{address}")).unwrap();
    assert!(within(call(), store.swap(call(), "k", None, new(b"x"))).await.is_err());
    let sent: Vec<String> = sent.try_iter().collect();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("EVALSHA"), "{sent:?}");
}

#[tokio::test]
async fn the_store_recovers_when_another_service_gives_the_port_back() {
    let mut server = Server::start();
    let store = server.store();
    server.kill();
    {
        let intruder = TcpListener::bind(("127.0.0.1", server.port())).unwrap();
        let answer = std::thread::spawn(move || {
            let (mut stream, _) = intruder.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(b"SSH-2.0-OpenSSH\r\n").unwrap();
        });
        assert!(store.ping(call()).await.is_err());
        answer.join().unwrap();
    }
    server.restart();
    store.ping(call()).await.unwrap();
}

#[test]
fn a_wrong_url_is_refused_without_repeating_it() {
    for url in [
        "",
        "s3cret",
        "http://:s3cret@localhost",
        "redis://:s3cret@localhost:port",
        "redis://:s3#cret@localhost",
        "redis://:s3cret@localhost/s3cret",
        "redis://:s3cret@localhost/?protocol=s3cret",
    ] {
        let error = RedisStore::from_url(url).unwrap_err();
        assert!(!texts(&error).contains("s3cret"), "{}", texts(&error));
    }
}
