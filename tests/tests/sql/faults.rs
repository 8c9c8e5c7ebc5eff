//! A server that stands still, and one that has been away.

use std::time::Duration;

use rocket::tokio;
use rocket::tokio::time::{Instant, timeout};
use rocket_session_state::store::{Call, Loaded, SqlStore, SqlTable, Store, Swap};
use session_tests::mariadb::MariaDb;

use crate::{at, for_an_hour, runtime, stored};

fn server() -> (MariaDb, SqlStore) {
    let server = MariaDb::start();
    server.query("mysql", "CREATE DATABASE shop");
    let store = SqlStore::from_url(&server.url("shop"), SqlTable::default()).unwrap();
    (server, store)
}

/// As many loads at once as there are connections.
async fn many_loads(store: &SqlStore) -> Vec<bool> {
    let loads = (0..10).map(|_| store.load(at(0), "k", None));
    rocket::futures::future::join_all(loads).await.into_iter().map(|answer| answer.is_ok()).collect()
}

#[test]
fn a_server_that_stood_still_is_used_again_at_once_and_calls_that_were_given_up_leave_no_trace() {
    let (server, store) = server();
    runtime().block_on(async {
        store.swap(at(0), "k", None, for_an_hour(b"x")).await.unwrap();
        assert!(many_loads(&store).await.iter().all(|answered| *answered));
        server.pause();
        // More than there are connections: none of them may stay behind.
        for _ in 0..12 {
            let limit = Duration::from_millis(50);
            let call = Call { deadline: Instant::now() + limit, ..at(0) };
            assert!(timeout(limit, store.load(call, "k", None)).await.is_err(), "a stopped server answered");
        }
        server.resume();
        assert_eq!(stored(&store, at(0), "k").await.unwrap().bytes, "x");
        assert!(many_loads(&store).await.iter().all(|answered| *answered));
    });
}

#[test]
fn after_a_restart_of_the_server_one_call_fails_and_not_one_for_each_connection() {
    let (mut server, store) = server();
    runtime().block_on(async {
        store.swap(at(0), "k", None, for_an_hour(b"x")).await.unwrap();
        assert!(many_loads(&store).await.iter().all(|answered| *answered));
        tokio::task::block_in_place(|| server.restart());
        let error = store.load(at(0), "k", None).await.unwrap_err();
        assert!(error.to_string().contains("can't be reached"), "{error}");
        assert!(many_loads(&store).await.iter().all(|answered| *answered));
        let swap = store.swap(at(0), "k", Some(&Loaded::new("x")), for_an_hour(b"y")).await;
        assert_eq!(swap.unwrap(), Swap::Done { version: None });
    });
}
