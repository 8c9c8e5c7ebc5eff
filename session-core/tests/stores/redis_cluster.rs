//! A cluster as a whole: what is told to all, and how it is found again.

use std::sync::Arc;

use futures_util::future::join_all;
use rocket_session_state_core::store::{RedisStore, Store};
use test_servers::redis_cluster::RedisCluster;
use tokio::time::Instant;

use crate::calls::{call, done, new, within};
use crate::redis_channels::{assert_told, watch};

fn store(cluster: &RedisCluster) -> RedisStore {
    RedisStore::cluster(cluster.urls()).unwrap()
}

#[tokio::test]
async fn an_end_is_told_whichever_node_has_the_key_and_whichever_is_listened_to() {
    let cluster = RedisCluster::lent();
    // Which node each of them listens to is chance.
    let (ending, listening) = (store(&cluster), [store(&cluster), store(&cluster), store(&cluster)]);
    for key in ["session:a", "session:b", "session:c", "session:d"] {
        assert_eq!(ending.swap(call(), key, None, new(b"x")).await.unwrap(), done());
        for store in &listening {
            let mut hints = watch(store, key).await;
            let began = Instant::now();
            let _ = ending.delete(call(), key).await.unwrap();
            assert_told(&mut hints, began).await;
        }
    }
}

#[tokio::test]
async fn listening_goes_on_at_another_node_when_one_dies() {
    let mut cluster = RedisCluster::lent();
    let stores: Vec<_> = (0..4).map(|_| store(&cluster)).collect();
    let mut listening = Vec::new();
    for store in &stores {
        listening.push(watch(store, "session:k").await);
    }
    let victim = cluster.masters()[0];
    cluster.kill(victim);
    cluster.restore();
    cluster.wait_until_whole();
    let ending = store(&cluster);
    assert_eq!(within(call(), ending.swap(call(), "session:k", None, new(b"x"))).await.unwrap(), done());
    // Whoever listened to that one is told when it listens elsewhere, and by the end.
    let began = Instant::now();
    assert!(ending.delete(call(), "session:k").await.unwrap());
    join_all(listening.iter_mut().map(|hints| assert_told(hints, began))).await;
}

#[tokio::test]
async fn every_runtime_that_uses_a_store_finds_its_way() {
    let cluster = RedisCluster::lent();
    let shared = Arc::new(store(&cluster));
    for round in 0..3 {
        let store = Arc::clone(&shared);
        // One that has ended takes its connections and its questions with it.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for key in ["session:a", "session:b", "session:c"] {
                    let key = format!("{key}{round}");
                    // The connection of a runtime that has ended may be found broken once.
                    let first = within(call(), store.load(call(), &key, None)).await;
                    assert!(first.is_ok() || round > 0);
                    assert_eq!(
                        within(call(), store.swap(call(), &key, None, new(b"x"))).await.unwrap(),
                        done()
                    );
                }
            });
        })
        .join()
        .unwrap();
    }
}
