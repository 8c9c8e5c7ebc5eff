//! Clusters of every shape, and what is not one.

use std::error::Error;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rocket::tokio::runtime::Runtime;
use rocket::tokio::time::Instant;
use rocket_session_state::store::{Call, Loaded, New, RedisStore, Store, StoreError, Swap};
use session_tests::load::Load;
use session_tests::port::free_port;
use session_tests::redis::Redis;
use session_tests::redis_cluster::{Plan, RedisCluster};

use crate::round::one_at_a_time;

/// So many keys lie on all masters, as good as always.
const KEYS: usize = 32;

/// Connections end with the runtime on which they were opened.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn call() -> Call {
    Call { now: SystemTime::now(), deadline: Instant::now() + Duration::from_secs(10) }
}

/// An error with its cause.
fn told(error: StoreError) -> String {
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}

/// Creates, changes, reads and deletes some sessions.
fn works(store: &RedisStore) {
    let new = |bytes| Some(New { bytes, lifetime: Some(Duration::from_secs(100)) });
    RUNTIME.block_on(async {
        store.ping(call()).await.unwrap();
        for key in (0..KEYS).map(|key| format!("session:shape-{key}")) {
            let created = store.swap(call(), &key, None, new(b"a")).await.unwrap();
            assert_eq!(created, Swap::Done { version: None });
            let changed = store.swap(call(), &key, Some(&Loaded::new("a")), new(b"b")).await.unwrap();
            assert_eq!(changed, Swap::Done { version: None });
            assert_eq!(store.load(call(), &key, None).await.unwrap().unwrap().bytes, "b");
            assert!(store.delete(call(), &key).await.unwrap());
        }
    });
}

#[test]
fn one_node_that_answers_is_enough_to_find_the_others() {
    let mut cluster = RedisCluster::lent();
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let named = [nobody, cluster.urls()[4].clone()];
    works(&RedisStore::cluster(&named).unwrap());
    // One that stands still does not keep the others from being found.
    cluster.pause(5);
    let named = [cluster.urls()[5].clone(), cluster.urls()[4].clone()];
    works(&RedisStore::cluster(&named).unwrap());
}

#[test]
fn nodes_that_tell_no_host_are_where_they_were_asked() {
    let cluster = RedisCluster::lent();
    let tell = |what: &str| {
        let setting = "cluster-preferred-endpoint-type";
        cluster.nodes().iter().for_each(|node| drop(node.command(&["CONFIG", "SET", setting, what])));
    };
    tell("unknown-endpoint");
    let store = crate::store(&cluster);
    works(&store);
    // What has moved is found by a redirect, which has no host either.
    for key in (0..KEYS).map(|key| format!("session:shape-{key}")) {
        cluster.move_slot(cluster.slot_of(&key), Duration::ZERO);
    }
    works(&store);
    tell("ip");
}

#[test]
fn a_cluster_may_have_one_node() {
    let cluster = RedisCluster::start_as(&Plan { masters: 1, replicas: false, ..Plan::default() });
    works(&crate::store(&cluster));
}

#[test]
fn one_node_of_a_cluster_is_not_a_redis_and_a_redis_is_not_a_cluster() {
    let cluster = RedisCluster::lent();
    let refusal = |store: RedisStore| told(RUNTIME.block_on(store.ping(call())).unwrap_err());
    let node = refusal(RedisStore::from_url(&cluster.urls()[0]).unwrap());
    assert!(node.contains("list of addresses"), "{node}");
    let redis = Redis::start();
    let alone = refusal(RedisStore::cluster([redis.url()]).unwrap());
    assert!(alone.contains("not part of a Redis Cluster"), "{alone}");
}

#[test]
fn a_cluster_has_one_database_and_its_nodes_one_login() {
    let refused = |urls: &[&str]| told(RedisStore::cluster(urls).unwrap_err());
    for urls in [["redis://a:1", "redis://b:1/1"], ["redis://a:1/1", "redis://b:1/1"]] {
        assert!(refused(&urls).contains("database"), "{}", refused(&urls));
    }
    let differing = refused(&["redis://me:hush@a:1", "redis://b:1"]);
    assert!(!differing.contains("hush"), "{differing}");
    refused(&[]);
}

#[test]
fn one_connection_to_a_node_carries_all_sessions() {
    let _alone = one_at_a_time();
    let cluster = RedisCluster::lent();
    let _load = Load::on(crate::store(&cluster));
    let masters = cluster.masters();
    for (number, node) in cluster.nodes().iter().enumerate() {
        // But for the one that asks.
        let connections = node.command(&["CLIENT", "LIST", "TYPE", "normal"]).text().lines().count() - 1;
        // A replica may have been asked for the slots.
        let expected = if masters.contains(&number) { 1..=1 } else { 0..=1 };
        assert!(expected.contains(&connections), "{}: {connections}", node.address());
    }
}
