//! The MongoDB store against a real server: documents, lives, indexes, and the number of commands.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::IndexOptions;
use rocket_session_state_core::store::{Call, Loaded, MongoStore, New, Store, Swap};

use crate::calls::{HOUR, call, done, new, stored};
use crate::mongodb_server::Server;

fn touch(lifetime: Duration) -> Option<Duration> {
    Some(lifetime)
}

fn millis(call: Call) -> i64 {
    DateTime::from_system_time(call.now).timestamp_millis()
}

async fn ends(server: &Server, key: &str) -> i64 {
    server.document(key).await.unwrap().get_datetime("expiration").unwrap().timestamp_millis()
}

/// A store that tells the names of its commands.
async fn observed(server: &Server) -> (MongoStore, impl Fn() -> Vec<String>) {
    let names: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&names);
    let collection = server
        .collection_with(|options| {
            options.command_event_handler = Some(EventHandler::callback(move |event| {
                if let CommandEvent::Started(started) = event {
                    log.lock().unwrap().push(started.command_name);
                }
            }));
        })
        .await;
    (MongoStore::from_collection(collection), move || std::mem::take(&mut *names.lock().unwrap()))
}

#[tokio::test]
async fn a_call_is_one_command_and_a_conflict_one_more() {
    let server = Server::start();
    server.store().await;
    let (store, commands) = observed(&server).await;
    store.swap(call(), "k", None, new(b"1")).await.unwrap();
    assert_eq!(commands(), ["update"]);
    stored(&store, "k").await.unwrap();
    assert_eq!(commands(), ["find"]);
    let loaded = store.load(call(), "k", touch(HOUR)).await.unwrap().unwrap();
    assert_eq!(commands(), ["findAndModify"]);
    store.swap(call(), "k", Some(&loaded), new(b"2")).await.unwrap();
    assert_eq!(commands(), ["update"]);
    store.swap(call(), "k", Some(&loaded), new(b"3")).await.unwrap();
    assert_eq!(commands(), ["update", "find"]);
    store.swap(call(), "k", Some(&Loaded::new("2")), None).await.unwrap();
    assert_eq!(commands(), ["delete"]);
    store.delete(call(), "k").await.unwrap();
    assert_eq!(commands(), ["findAndModify"]);
}

#[tokio::test]
async fn documents_are_those_of_flask_session() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/flask-vectors.json")).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    let documents: Vec<_> = vectors.iter().filter(|vector| vector["kind"] == "mongo_document").collect();
    assert_eq!(documents.len(), 2);
    let server = Server::start();
    let store = server.store().await;
    for vector in documents {
        let expected = Document::from_reader(&*STANDARD.decode(vector["bson"].as_str().unwrap()).unwrap());
        let mut expected = expected.unwrap();
        let key = vector["document_id"].as_str().unwrap();
        let value = STANDARD.decode(vector["val"].as_str().unwrap()).unwrap();
        let lifetime = Duration::from_secs_f64(vector["permanent_session_lifetime"].as_f64().unwrap());
        let now = UNIX_EPOCH + Duration::from_micros((vector["now"].as_f64().unwrap() * 1e6).round() as u64);
        let then = Call { now, ..call() };

        let record = New { bytes: &value, lifetime: Some(lifetime) };
        assert_eq!(store.swap(then, key, None, Some(record)).await.unwrap(), done());
        let mut written = server.document(key).await.unwrap();
        assert!(written.remove("_id").unwrap().as_object_id().is_some());
        expected.remove("_id").unwrap();
        assert_eq!(written, expected, "{}", vector["id"]);
        assert_eq!(ends(&server, key).await, vector["expiration_ms"].as_i64().unwrap());
        assert_eq!(store.load(then, key, None).await.unwrap(), Some(Loaded::new(value)));
    }
    // The index of the vectors is there, as Flask-Session would make it.
    let flask = IndexModel::builder()
        .keys(doc! { "expiration": 1 })
        .options(IndexOptions::builder().name("expiration_1".to_owned()).expire_after(Duration::ZERO).build())
        .build();
    server.collection().await.create_index(flask).await.unwrap();
    let mut names = server.collection().await.list_index_names().await.unwrap();
    names.sort();
    assert_eq!(names, ["_id_", "expiration_1", "id_1"]);
}

#[tokio::test]
async fn a_record_ends_at_the_time_that_is_passed_in_though_the_document_is_still_there() {
    let server = Server::start();
    let store = server.store().await;
    // Far in the future of the server's clock, so that its own task removes nothing.
    let begin = call().now + 100 * 365 * 24 * HOUR;
    let at = |seconds| Call { now: begin + Duration::from_secs(seconds), ..call() };
    let record = New { bytes: b"x", lifetime: Some(Duration::from_secs(60)) };
    assert_eq!(store.swap(at(0), "k", None, Some(record)).await.unwrap(), done());
    let loaded = store.load(at(59), "k", None).await.unwrap().unwrap();
    assert_eq!(store.load(at(60), "k", None).await.unwrap(), None);
    assert_eq!(store.load(at(60), "k", touch(HOUR)).await.unwrap(), None, "a touch revived it");
    for new in [Some(record), None] {
        let swap = store.swap(at(60), "k", Some(&loaded), new).await.unwrap();
        assert_eq!(swap, Swap::Conflict(None));
    }
    assert!(server.document("k").await.is_some());
    assert_eq!(store.swap(at(60), "k", None, Some(record)).await.unwrap(), done());
    assert!(store.load(at(119), "k", None).await.unwrap().is_some());
    assert!(!store.delete(at(120), "k").await.unwrap(), "an expired record counted as one");
}

#[tokio::test]
async fn the_life_is_exact_to_the_millisecond_and_touch_renews_it() {
    let server = Server::start();
    let store = server.store().await;
    let begin = call();
    let record = New { bytes: b"x", lifetime: Some(Duration::from_millis(90_900)) };
    store.swap(begin, "k", None, Some(record)).await.unwrap();
    assert_eq!(ends(&server, "k").await, millis(begin) + 90_900);
    store.load(begin, "k", touch(HOUR)).await.unwrap().unwrap();
    assert_eq!(ends(&server, "k").await, millis(begin) + 3_600_000);
    store.load(begin, "k", None).await.unwrap().unwrap();
    assert_eq!(ends(&server, "k").await, millis(begin) + 3_600_000);
    store.swap(begin, "k", Some(&Loaded::new("x")), Some(record)).await.unwrap();
    assert_eq!(ends(&server, "k").await, millis(begin) + 90_900);
}

#[tokio::test]
async fn a_record_in_another_form_is_read_and_replaced_by_one_in_flasks() {
    let server = Server::start();
    let store = server.store().await;
    let expiration = DateTime::from_system_time(call().now + HOUR);
    let old = Binary { subtype: BinarySubtype::UserDefined(0x80), bytes: b"{}".to_vec() };
    let documents = [
        doc! { "_id": ObjectId::new(), "id": "text", "val": "{}", "expiration": expiration, "more": 1 },
        doc! { "_id": ObjectId::new(), "id": "subtype", "val": old, "expiration": expiration, "more": 1 },
    ];
    server.collection().await.insert_many(&documents).await.unwrap();
    for document in documents {
        let key = document.get_str("id").unwrap();
        let loaded = stored(&store, key).await.unwrap();
        assert_eq!(loaded.bytes, "{}");
        assert_eq!(store.swap(call(), key, Some(&loaded), new(b"[]")).await.unwrap(), done(), "{key}");
        let written = server.document(key).await.unwrap();
        assert_eq!(written.get_binary_generic("val").unwrap(), b"[]");
        assert_eq!(written.get("_id"), document.get("_id"));
        assert_eq!(written.get("more"), document.get("more"), "a field of somebody else is gone");
    }
}

#[tokio::test]
async fn a_document_that_is_no_record_is_an_error_and_stays() {
    let server = Server::start();
    let store = server.store().await;
    let expiration = DateTime::from_system_time(call().now + HOUR);
    for val in
        [doc! { "id": "k", "val": 7, "expiration": expiration }, doc! { "id": "k", "expiration": expiration }]
    {
        server.collection().await.delete_many(doc! {}).await.unwrap();
        server.collection().await.insert_one(&val).await.unwrap();
        assert!(store.load(call(), "k", None).await.is_err());
        assert!(store.load(call(), "k", touch(HOUR)).await.is_err());
        assert!(store.swap(call(), "k", None, new(b"x")).await.is_err());
        assert!(store.swap(call(), "k", Some(&Loaded::new("x")), None).await.is_err());
        assert_eq!(server.document("k").await.unwrap().get("val"), val.get("val"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_at_once_on_an_empty_server_both_serve_and_never_write_one_id_twice() {
    let server = Server::start();
    let stores = [(); 2].map(|()| Arc::new(server.new_store()));
    let (one, other) = tokio::join!(stores[0].ping(call()), stores[1].ping(call()));
    one.unwrap();
    other.unwrap();
    for n in 0..20 {
        let key = format!("session:{n}");
        let creations = stores.clone().map(|store| {
            let key = key.clone();
            tokio::spawn(async move { store.swap(call(), &key, None, new(b"x")).await.unwrap() })
        });
        let mut created = 0;
        for creation in creations {
            created += u32::from(creation.await.unwrap() == done());
        }
        assert_eq!(created, 1);
    }
    assert_eq!(server.collection().await.count_documents(doc! {}).await.unwrap(), 20);
}

#[tokio::test]
async fn a_collection_that_holds_an_id_twice_is_refused_by_ping_without_showing_it() {
    let server = Server::start();
    let twice = [doc! { "id": "secret" }, doc! { "id": "secret" }];
    server.collection().await.insert_many(twice).await.unwrap();
    let error = format!("{:?}", server.new_store().ping(call()).await.unwrap_err());
    assert!(error.contains("two documents have one id") && !error.contains("secret"), "{error}");
    assert!(error.contains("delete all but one"), "nothing is said about what to do: {error}");
}

#[tokio::test]
async fn a_record_larger_than_half_a_command_is_refused() {
    let server = Server::start();
    let store = server.store().await;
    let error = store.swap(call(), "k", None, new(&vec![7; 8_372_225])).await.unwrap_err();
    assert!(error.is_too_large() && error.to_string().contains("8372224"), "{error}");
    let largest = vec![7; 8_372_224];
    assert_eq!(store.swap(call(), "k", None, new(&largest)).await.unwrap(), done());
    let loaded = stored(&store, "k").await.unwrap();
    assert_eq!(store.swap(call(), "k", Some(&loaded), new(&[8; 8_372_224])).await.unwrap(), done());
}
