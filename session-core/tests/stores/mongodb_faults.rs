//! The MongoDB store when the server is down, frozen, restarted, hostile or not what it should be.

use std::time::Duration;

use mongodb::bson::doc;
use rocket_session_state_core::store::{Loaded, MongoStore, Store};
use tokio::time::Instant;

use crate::calls::{call, done, new, stored, texts};
use crate::mongodb_server::Server;
use crate::server_faults::{a_call_given_up_disturbs_nobody, liar, no_read_believes, no_write_believes};
use test_servers::port::free_port;

fn store_at(address: &str) -> MongoStore {
    MongoStore::from_url(&format!("mongodb://{address}"), "flask_session", "sessions").unwrap()
}

#[tokio::test]
async fn a_store_can_be_made_while_its_server_is_down_and_ping_tells_before_the_default_deadline() {
    let store = store_at(&format!("me:s3cret@127.0.0.1:{}", free_port()));
    let begin = Instant::now();
    let error = store.ping(call()).await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(texts(&error).contains("onnection refused"), "{}", texts(&error));
    assert!(!texts(&error).contains("s3cret") && !format!("{store:?}").contains("s3cret"));
}

#[test]
fn a_store_can_be_made_where_there_is_no_runtime() {
    store_at("127.0.0.1");
}

#[tokio::test]
async fn what_was_written_survives_an_outage_and_the_next_call_works() {
    let mut server = Server::start();
    let store = server.store().await;
    assert_eq!(store.swap(call(), "secret", None, new(b"secret")).await.unwrap(), done());
    server.kill();
    for error in [
        store.load(call(), "secret", None).await.unwrap_err(),
        store.swap(call(), "secret", None, new(b"secret")).await.unwrap_err(),
        store.delete(call(), "secret").await.unwrap_err(),
    ] {
        assert!(!texts(&error).contains("secret"), "{}", texts(&error));
    }
    server.restart();
    assert_eq!(stored(&store, "secret").await.unwrap().bytes, "secret");
    let loaded = Loaded::new("secret");
    assert_eq!(store.swap(call(), "secret", Some(&loaded), new(b"x")).await.unwrap(), done());
}

#[tokio::test]
async fn a_call_given_up_on_a_frozen_server_does_not_disturb_the_next_ones() {
    let server = Server::start();
    let store = server.store().await;
    a_call_given_up_disturbs_nobody((|| server.pause(), || server.resume()), &store).await;
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_an_error_and_never_absent() {
    let answers: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\nsecret",
        // A message of the protocol whose document is none.
        b"\x25\0\0\0\x01\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x10\0\0\0secretsecret\0\0\0\0",
    ];
    for answer in answers {
        let store = store_at(&liar(answer));
        no_read_believes(answer, &store).await;
        no_write_believes(answer, &store).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_server_names_its_code_and_quotes_nothing() {
    let server = Server::start();
    let store = server.store().await;
    // Another unique index, which a second record of ours violates.
    let index = mongodb::IndexModel::builder()
        .keys(doc! { "val": 1 })
        .options(mongodb::options::IndexOptions::builder().unique(true).build())
        .build();
    server.collection().await.create_index(index).await.unwrap();
    assert_eq!(store.swap(call(), "secret", None, new(b"secret")).await.unwrap(), done());
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    let error = store.swap(call(), "k", Some(&Loaded::new("x")), new(b"secret")).await.unwrap_err();
    assert!(texts(&error).contains("11000") && !texts(&error).contains("secret"), "{}", texts(&error));
}

#[test]
fn a_wrong_url_is_refused_without_repeating_it() {
    for url in [
        "",
        "s3cret",
        "http://me:s3cret@localhost",
        "mongodb://me:s3cret@localhost:port",
        "mongodb://me:s3#cret@localhost@s3cret",
        "mongodb://localhost/?w=s3cret&readPreference=s3cret",
        "mongodb://me:s3cret@localhost/?w=0",
    ] {
        let error = MongoStore::from_url(url, "flask_session", "sessions").unwrap_err();
        assert!(!texts(&error).contains("s3cret"), "{}", texts(&error));
    }
}
