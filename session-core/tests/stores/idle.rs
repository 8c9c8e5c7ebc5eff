//! Connections that end while nobody uses them; those to SQL databases are in `tests/tests/faults/idle.rs`.

use std::time::Duration;

use rocket_session_state_core::store::{Store, Swap};

use crate::calls::{call, new, stored, within};
use crate::wiretap::Wiretap;

/// Lets time pass at once: nobody has used a connection for so long.
async fn rest() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::resume();
}

/// Closes a store's connections before each kind of call, of which none is lost.
async fn no_call_is_lost(tap: &Wiretap, store: &impl Store) {
    let ended = async || {
        // The connection of the last call is the one that the next one would take.
        stored(store, "resting").await;
        tap.hang_up("resting");
        rest().await;
    };
    ended().await;
    let created = within(call(), store.swap(call(), "k", None, new(b"1"))).await.unwrap();
    assert!(matches!(created, Swap::Done { .. }), "{created:?}");
    ended().await;
    let loaded = within(call(), store.load(call(), "k", None)).await.unwrap();
    assert_eq!(loaded.as_ref().map(|loaded| &*loaded.bytes), Some(&b"1"[..]));
    ended().await;
    let changed = within(call(), store.swap(call(), "k", loaded.as_ref(), new(b"2"))).await.unwrap();
    assert!(matches!(changed, Swap::Done { .. }), "{changed:?}");
    ended().await;
    assert!(within(call(), store.delete(call(), "k")).await.unwrap());
}

#[cfg(feature = "redis")]
mod redis {
    use redis::aio::ConnectionManager;
    use rocket_session_state_core::store::RedisStore;

    use super::no_call_is_lost;
    use crate::redis_server::Server;
    use crate::wiretap::Wiretap;

    #[tokio::test]
    async fn no_call_of_the_redis_store_is_lost() {
        let server = Server::start();
        let tap = Wiretap::to(server.port());
        let store = RedisStore::from_url(&format!("redis://127.0.0.1:{}", tap.port())).unwrap();
        no_call_is_lost(&tap, &store).await;
    }

    #[tokio::test]
    async fn no_call_on_an_applications_manager_is_lost() {
        let server = Server::start();
        let tap = Wiretap::to(server.port());
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", tap.port())).unwrap();
        no_call_is_lost(&tap, &RedisStore::from_manager(ConnectionManager::new(client).await.unwrap())).await;
    }
}

#[cfg(feature = "memcached")]
#[tokio::test]
async fn no_call_of_the_memcached_store_is_lost() {
    use rocket_session_state_core::store::MemcachedStore;

    let server = crate::memcached_server::Server::start();
    let tap = Wiretap::to(server.port());
    let store = MemcachedStore::from_servers([format!("127.0.0.1:{}", tap.port())]).unwrap();
    no_call_is_lost(&tap, &store).await;
}

#[cfg(feature = "mongodb")]
mod mongodb {
    use ::mongodb::Client;
    use rocket_session_state_core::store::MongoStore;

    use super::no_call_is_lost;
    use crate::mongodb_server::Server;
    use crate::wiretap::Wiretap;

    #[tokio::test]
    async fn no_call_of_the_mongodb_store_is_lost() {
        let server = Server::start();
        let tap = Wiretap::to(server.port());
        let url = format!("mongodb://127.0.0.1:{}", tap.port());
        no_call_is_lost(&tap, &MongoStore::from_url(&url, "flask_session", "sessions").unwrap()).await;
    }

    #[tokio::test]
    async fn no_call_on_an_applications_collection_of_mongodb_is_lost() {
        let server = Server::start();
        let tap = Wiretap::to(server.port());
        let client = Client::with_uri_str(format!("mongodb://127.0.0.1:{}/?retryWrites=false", tap.port()));
        let collection = client.await.unwrap().database("flask_session").collection("sessions");
        no_call_is_lost(&tap, &MongoStore::from_collection(collection)).await;
    }
}
