//! Calls that many requests make at once: they travel together, and each is answered as if it were alone.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use rocket_session_state_core::store::{Loaded, RedisStore, Store, StoreError};
use tokio::task::JoinSet;

use crate::calls::{HOUR, call, done, new, stored, texts, until, within};
use crate::redis_server::{Seen, Server};

/// The answers to loads that all begin before any is answered, in the order of the keys.
async fn loads(store: &Arc<RedisStore>, keys: &[String]) -> Vec<Result<Option<Loaded>, StoreError>> {
    let load = |key: &String| {
        let (store, key) = (Arc::clone(store), key.clone());
        tokio::spawn(async move { within(call(), store.load(call(), &key, None)).await })
    };
    let loads: Vec<_> = keys.iter().map(load).collect();
    let mut answers = Vec::new();
    for load in loads {
        answers.push(load.await.unwrap());
    }
    answers
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("k{number}")).collect()
}

#[tokio::test]
async fn an_error_that_one_call_gets_is_not_the_others() {
    let server = Server::start();
    let store = Arc::new(server.store());
    let keys = keys(5);
    for key in &keys {
        store.swap(call(), key, None, new(key.as_bytes())).await.unwrap();
    }
    let _: i64 = server.run(cmd("DEL").arg("k2"));
    let _: i64 = server.run(cmd("RPUSH").arg("k2").arg("of another type"));
    for (key, answer) in keys.iter().zip(loads(&store, &keys).await) {
        match answer {
            Err(error) => assert!(key == "k2" && texts(&error).contains("WRONGTYPE"), "{key}: {error}"),
            Ok(loaded) => assert_eq!(loaded.unwrap().bytes, key),
        }
    }
}

#[tokio::test]
async fn a_script_that_the_server_forgot_is_sent_again_for_each_call_that_missed_it() {
    let server = Server::start();
    let store = Arc::new(server.store());
    store.ping(call()).await.unwrap();
    let _: () = server.run(cmd("SCRIPT").arg("FLUSH"));
    let mut swaps = JoinSet::new();
    for key in keys(10) {
        let store = Arc::clone(&store);
        swaps.spawn(async move { store.swap(call(), &key, None, new(key.as_bytes())).await });
    }
    for swap in swaps.join_all().await {
        assert_eq!(swap.unwrap(), done());
    }
    for key in keys(10) {
        assert_eq!(stored(&*store, &key).await.unwrap().bytes, key);
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_before_its_batch_leaves_is_not_sent() {
    let server = Server::start();
    let store = Arc::new(server.store());
    store.ping(call()).await.unwrap();
    let watch = server.watch();
    {
        let (first, swap) = (store.load(call(), "first", None), store.swap(call(), "k", None, new(b"x")));
        let (mut first, mut swap) = (pin!(first), Some(Box::pin(swap)));
        std::future::poll_fn(|context| {
            if let Some(mut swap) = swap.take() {
                // The first one is under way, so the second one waits for others; then it is dropped.
                assert!(
                    first.as_mut().poll(context).is_pending() && swap.as_mut().poll(context).is_pending()
                );
            }
            first.as_mut().poll(context)
        })
        .await
        .unwrap();
    }
    stored(&store, "last").await;
    let expected = [("PTTL", "first"), ("GET", "first"), ("PTTL", "last"), ("GET", "last")]
        .map(|(command, key)| Seen::Client(format!(r#""{command}" "{key}""#)));
    assert_eq!(watch.end(), expected);
}

#[tokio::test]
async fn all_calls_under_way_fail_at_once_when_the_server_dies() {
    let mut server = Server::start();
    let store = Arc::new(server.store());
    store.ping(call()).await.unwrap();
    server.pause();
    let keys = keys(10);
    let (answers, ()) = tokio::join!(loads(&store, &keys), async {
        tokio::task::yield_now().await;
        server.kill();
    });
    for answer in answers {
        let error = texts(&answer.unwrap_err());
        assert!(!error.contains("in time"), "{error}");
    }
    server.restart();
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
}

#[tokio::test]
async fn calls_with_little_time_do_not_shorten_the_time_of_others() {
    let server = Server::start();
    let store = Arc::new(server.store());
    store.swap(call(), "k", None, new(b"x")).await.unwrap();
    server.pause();
    let short = until(Duration::from_millis(20));
    let long = until(HOUR);
    let (first, patient, ()) = tokio::join!(
        within(long, store.load(long, "k", None)),
        within(long, store.load(long, "k", None)),
        async {
            let hasty = within(short, store.load(short, "k", None)).await;
            assert!(texts(&hasty.unwrap_err()).contains("in time"));
            server.resume();
        }
    );
    for answer in [first, patient] {
        assert_eq!(answer.unwrap().unwrap().bytes, "x");
    }
}
