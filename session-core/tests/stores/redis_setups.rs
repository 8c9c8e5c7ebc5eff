//! A Redis Cluster and a master with sentinels, as far as the launch is concerned: what launches, what a user needs, and what
//! is told of a wrong address. What they do in trouble is tested with the applications.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rocket_session_state_core::Chain;
use rocket_session_state_core::store::{Loaded, RedisStore, Store, StoreError};
use test_servers::port::free_port;
use test_servers::redis_cluster::RedisCluster;
use test_servers::redis_sentinel::{Plan, RedisSentinel};
use tokio::time::Instant;

use crate::calls::{call, done, new, stored, until};
use crate::launch::{DELETE, assert_step, launch_within};
use crate::log_lines::captured;
use crate::redis_channels::{assert_told, watch};
use crate::redis_server::Server;

/// In the guide: for one server, what nodes of a cluster need beyond that, servers with sentinels, and the sentinels.
const RIGHTS: &str = "~session:* resetchannels &session-ended:* +pttl +get +getex +set +del +evalsha +eval +script|load +ping +publish \
                      +subscribe +unsubscribe";
const OF_CLUSTER: &str = "+cluster|slots +cluster|info +asking";
const OF_SERVERS_WITH_SENTINELS: &str = "+role";
const OF_SENTINELS: &str = "resetchannels &+promoted-slave &+failover-state-reconf-slaves &+config-update-from &+switch-master \
                            +sentinel|get-master-addr-by-name +sentinel|master +subscribe +ping";

fn acl(user: &str, rights: &[&str]) -> Vec<String> {
    let words = ["ACL", "SETUSER", user, "reset", "on", ">password"].into_iter();
    words.chain(rights.iter().flat_map(|rights| rights.split(' '))).map(str::to_owned).collect()
}

/// What is refused on several servers is tried for as long as the call may take, so a launch has no more than is needed.
async fn launch(store: impl Store) -> Result<(), StoreError> {
    launch_within(Duration::from_secs(5), store).await
}

fn text(error: StoreError) -> String {
    Chain(&error).to_string()
}

/// The addresses with the login of `shop`.
fn as_shop(urls: &[String]) -> Vec<String> {
    urls.iter().map(|url| url.replace("//", "//shop:password@")).collect()
}

/// Creates, ends and deletes sessions, each told to who waits for it.
async fn serves_and_tells(store: &RedisStore) {
    for key in ["session:a", "session:b", "session:c", "session:d"] {
        let mut hints = watch(store, key).await;
        for end in [None, Some(Loaded::new("x"))] {
            assert_eq!(store.swap(call(), key, None, new(b"x")).await.unwrap(), done());
            assert!(stored(store, key).await.is_some());
            let began = Instant::now();
            match end {
                Some(expected) => drop(store.swap(call(), key, Some(&expected), None).await.unwrap()),
                None => assert!(store.delete(call(), key).await.unwrap()),
            }
            assert_told(&mut hints, began).await;
        }
    }
}

#[test]
fn the_guide_has_these_rights() {
    let guide = include_str!("../../../docs/stores.md").replace('\n', " ");
    let guide = guide.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    for rights in [
        format!("on >password {RIGHTS}`"),
        format!("`{OF_CLUSTER}`"),
        format!("`{OF_SERVERS_WITH_SENTINELS}`"),
        format!("`ACL SETUSER watcher on >password {OF_SENTINELS}`"),
    ] {
        assert!(guide.contains(&rights), "{rights}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_the_rights_that_the_guide_names_does_all_on_a_cluster_also_while_a_slot_moves() {
    let cluster = RedisCluster::lent();
    for node in cluster.nodes() {
        node.command(&acl("shop", &[RIGHTS, OF_CLUSTER]));
    }
    let log = captured(cluster.nodes()[0].address().to_string());
    let store = Arc::new(RedisStore::cluster(as_shop(&cluster.urls())).unwrap());
    launch(Arc::clone(&store)).await.unwrap();
    serves_and_tells(&store).await;
    let slot = cluster.slot_of("session:{moved}");
    thread::scope(|scope| {
        let moving = scope.spawn(|| cluster.move_slot(slot, Duration::from_millis(800)));
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut number = 0;
                while !moving.is_finished() {
                    let key = format!("session:{{moved}}{number}");
                    // Less than the time between two steps: what a step refuses is not saved by the next.
                    let call = || until(Duration::from_millis(400));
                    assert_eq!(store.swap(call(), &key, None, new(b"x")).await.unwrap(), done());
                    assert!(store.delete(call(), &key).await.unwrap());
                    number += 1;
                }
            });
        });
    });
    assert_eq!(log.text(), "");
    for node in cluster.nodes() {
        node.command(&["ACL", "DELUSER", "shop"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_launches_from_some_of_its_nodes_and_each_master_is_tried() {
    let cluster = RedisCluster::lent();
    let urls = cluster.urls();
    let down = format!("redis://127.0.0.1:{}", free_port());
    for seeds in [vec![urls[0].clone()], vec![urls[5].clone(), urls[1].clone()], vec![down, urls[2].clone()]]
    {
        launch(RedisStore::cluster(&seeds).unwrap())
            .await
            .unwrap_or_else(|error| panic!("{seeds:?}: {}", text(error)));
    }
    assert_eq!(cluster.keys(), [""; 0], "nothing of the trial stays");
    for refusing in cluster.masters() {
        for node in 0..cluster.nodes().len() {
            let rights = if node == refusing { "-del" } else { "+del" };
            cluster.nodes()[node].command(&acl("shop", &["~* &* +@all", rights]));
        }
        assert_step(launch(RedisStore::cluster(as_shop(&urls)).unwrap()).await, DELETE, "may not run DEL");
        cluster.clear();
    }
    for node in cluster.nodes() {
        node.command(&["ACL", "DELUSER", "shop"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_part_of_a_cluster_does_not_launch_in_a_list_and_is_told_what_to_write() {
    let (one, other) = (Server::start(), Server::start());
    for urls in [vec![one.url()], vec![one.url(), other.url()]] {
        let error = text(launch(RedisStore::cluster(urls).unwrap()).await.unwrap_err());
        assert!(error.contains("not part of a Redis Cluster; write its URL alone"), "{error}");
    }
}

#[tokio::test]
async fn a_user_with_the_rights_that_the_guide_names_does_all_where_sentinels_name_the_master() {
    let sentinels = RedisSentinel::start_as(Plan { replicas: 1, ..Plan::default() });
    for server in sentinels.servers() {
        server.command(&acl("shop", &[RIGHTS, OF_SERVERS_WITH_SENTINELS]));
    }
    for sentinel in sentinels.sentinels() {
        sentinel.command(&acl("watcher", &[OF_SENTINELS]));
    }
    let login = "sentinel_username=watcher&sentinel_password=password";
    let url = sentinels.url().replace("//", "//shop:password@");
    let log = captured(format!("127.0.0.1:{}", sentinels.sentinels()[0].port()));
    let store = Arc::new(RedisStore::from_url(&format!("{url}?{login}")).unwrap());
    launch(Arc::clone(&store)).await.unwrap();
    serves_and_tells(&store).await;
    assert_eq!(log.text(), "");
    // The logins of servers and sentinels are not mixed up.
    let wrong = format!("{}?{login}", sentinels.url().replace("//", "//shop:wrong@"));
    let error = text(launch(RedisStore::from_url(&wrong).unwrap()).await.unwrap_err());
    assert!(error.contains("authentication") || error.contains("WRONGPASS"), "{error}");
    let wrong = format!("{url}?sentinel_username=watcher&sentinel_password=wrong");
    let error = text(launch(RedisStore::from_url(&wrong).unwrap()).await.unwrap_err());
    assert!(error.contains("sentinel"), "{error}");
    let other_name = url.replace("/sessions/", "/shop/");
    let error =
        text(launch(RedisStore::from_url(&format!("{other_name}?{login}")).unwrap()).await.unwrap_err());
    assert!(error.contains("shop"), "{error}");
}

#[tokio::test]
async fn a_sentinel_that_is_taken_for_a_server_and_a_server_that_is_taken_for_a_sentinel_do_not_launch() {
    let sentinels = RedisSentinel::start_as(Plan { replicas: 0, sentinels: 1, ..Plan::default() });
    for protocol in [2, 3] {
        let url = format!("redis://127.0.0.1:{}?protocol={protocol}", sentinels.sentinels()[0].port());
        let error = text(launch(RedisStore::from_url(&url).unwrap()).await.unwrap_err());
        assert!(error.contains("the server is a sentinel; write \"redis+sentinel://"), "{error}");
    }
    let url = format!("redis+sentinel://127.0.0.1:{}/sessions", sentinels.servers()[0].port());
    let error = text(launch(RedisStore::from_url(&url).unwrap()).await.unwrap_err());
    assert!(error.contains("not a sentinel: name sentinels"), "{error}");
}

#[tokio::test]
async fn the_database_behind_sentinels_is_the_one_of_the_address() {
    let sentinels = RedisSentinel::start_as(Plan { replicas: 0, sentinels: 1, ..Plan::default() });
    let url = sentinels.url();
    let at = |address: String| RedisStore::from_url(&address).unwrap();
    let third = at(url.replace("/sessions/0", "/sessions/3"));
    third.swap(call(), "k", None, new(b"x")).await.unwrap();
    assert!(stored(&at(format!("{url}?db=3")), "k").await.is_some());
    assert_eq!(stored(&at(url), "k").await, None);
}
