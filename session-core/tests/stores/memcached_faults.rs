//! The memcached store when servers are down, frozen, restarted, hostile or not what they should be.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use rocket_session_state_core::store::{MemcachedStore, Store, Swap};

use crate::calls::{call, new, stored, texts, until, within};
use crate::memcached_server::{Server, store_at};
use crate::server_faults::{self, a_call_given_up_disturbs_nobody, liar, no_read_believes};
use crate::wiretap::Wiretap;
use test_servers::port::free_port;

fn is_done(swap: &Swap) -> bool {
    matches!(swap, Swap::Done { .. })
}

#[tokio::test]
async fn a_store_can_be_made_while_its_server_is_down_and_ping_tells() {
    let store = MemcachedStore::from_servers([format!("127.0.0.1:{}", free_port())]).unwrap();
    let error = store.ping(call()).await.unwrap_err();
    assert!(texts(&error).contains("onnection refused"), "{}", texts(&error));
}

#[tokio::test]
async fn every_call_fails_at_once_while_the_server_is_down() {
    let mut server = Server::start();
    let store = store_at(&server);
    store.ping(call()).await.unwrap();
    server.kill();
    server_faults::every_call_fails_at_once(&store).await;
}

#[tokio::test]
async fn a_restart_that_nobody_noticed_costs_at_most_one_call_and_ends_every_session() {
    let mut server = Server::start();
    let store = store_at(&server);
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    let old = stored(&store, "k").await.unwrap();
    server.kill();
    server.restart();
    let _ = store.load(call(), "k", None).await;
    assert_eq!(store.swap(call(), "k", Some(&old), new(b"y")).await.unwrap(), Swap::Conflict(None));
    assert_eq!(stored(&store, "k").await, None);
    assert!(is_done(&store.swap(call(), "k", None, new(b"x")).await.unwrap()));
}

#[tokio::test]
async fn a_server_that_is_down_fails_its_own_sessions_only_and_they_do_not_move() {
    let mut servers = [Server::start(), Server::start()];
    let addresses: Vec<String> = servers.iter().map(Server::address).collect();
    let store = MemcachedStore::from_servers(addresses).unwrap();
    let keys: Vec<String> = (0..50).map(|n| format!("session:{n}")).collect();
    for key in &keys {
        assert!(is_done(&store.swap(call(), key, None, new(key.as_bytes())).await.unwrap()));
    }
    servers[0].kill();
    let mut lost = Vec::new();
    for key in &keys {
        match store.load(call(), key, None).await {
            Ok(loaded) => assert_eq!(loaded.expect("a session of the other server").bytes, *key),
            Err(error) => {
                assert!(error.is_refusal(), "{error}");
                lost.push(key);
            }
        }
    }
    let error = store.ping(call()).await.unwrap_err();
    assert!(error.is_refusal(), "the store is there, less one of its servers: {error}");
    assert!((1..50).contains(&lost.len()), "{} sessions lie on the server that is down", lost.len());
    servers[0].restart();
    for key in lost {
        assert_eq!(store.load(call(), key, None).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_call_given_up_on_a_frozen_server_does_not_disturb_the_next_ones() {
    let server = Server::start();
    let store = store_at(&server);
    a_call_given_up_disturbs_nobody((|| server.pause(), || server.resume()), &store).await;
}

#[tokio::test]
async fn connections_that_went_silent_are_all_left_after_one_deadline() {
    let server = Server::start();
    let tap = Wiretap::to(server.port());
    let store = MemcachedStore::from_servers([format!("127.0.0.1:{}", tap.port())]).unwrap();
    // Two at once need two connections, which are both kept.
    let (a, b) = tokio::join!(store.load(call(), "a", None), store.load(call(), "b", None));
    assert_eq!((a.unwrap(), b.unwrap()), (None, None));
    tap.cut();
    let late = until(Duration::from_millis(100));
    assert!(within(late, store.load(late, "k", None)).await.is_err());
    assert_eq!(within(call(), store.load(call(), "k", None)).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_an_error_and_never_absent() {
    let answers: [&[u8]; 11] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\nsecret",
        b"secret garbage\r\n",
        b"SERVER_ERROR secret\r\n",
        b"CLIENT_ERROR secret\r\n",
        b"ERROR\r\n",
        b"VA 6 f0 c1\r\nsecretXX",
        b"VA 6 f0\r\nsecret\r\n",
        b"VA secret\r\n",
        b"VA 99999999999 c1\r\n",
        b"ME secret\r\n",
    ];
    for answer in answers {
        let store = MemcachedStore::from_servers([liar(answer)]).unwrap();
        no_read_believes(answer, &store).await;
    }
}

#[tokio::test]
async fn a_server_without_the_meta_protocol_is_told_what_is_needed() {
    let store = MemcachedStore::from_servers([liar(b"ERROR\r\n")]).unwrap();
    let error = store.ping(call()).await.unwrap_err();
    assert!(texts(&error).contains("1.6"), "{}", texts(&error));
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (swaps, sent) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 65_536];
            let length = stream.read(&mut request).unwrap_or(0);
            let _ = swaps.send(String::from_utf8_lossy(&request[..length]).into_owned());
            // The connection ends here: the swap may have happened.
        }
    });
    let store = MemcachedStore::from_servers([address.to_string()]).unwrap();
    assert!(within(call(), store.swap(call(), "k", None, new(b"x"))).await.is_err());
    let sent: Vec<String> = sent.try_iter().collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].starts_with("ms k 1"), "{sent:?}");
}
