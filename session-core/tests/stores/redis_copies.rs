//! Copies of records in a process (`session_redis_cache`). What is said of them under load and while a connection is
//! silent is tested in `tests/tests/races/copies`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use redis::{Cmd, cmd};
use rocket_session_state_conformance::{Ageing, Suite};
use rocket_session_state_core::store::{Call, Loaded, New, RedisStore, Store, StoreError, Swap};
use test_servers::redis_cluster::{Plan, RedisCluster};
use tokio::time::sleep;

use crate::calls::{HOUR, call, done, new, texts};
use crate::conformance::redis::Older;
use crate::redis_channels::{PATIENCE, until};
use crate::redis_server::Server;

/// So long that a test in which it passes takes a while, and on a busy machine no lease ends by accident.
const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(20);
const BYTES: u64 = 1 << 20;

fn copying(server: &Server) -> RedisStore {
    server.store().cache(LONG, BYTES).unwrap()
}

fn copy(store: &RedisStore, key: &str) -> Option<Loaded> {
    store.copy(SystemTime::now(), key)
}

/// Loads a record until there is a copy of it: the first load of a store opens its connection.
async fn copied(store: &RedisStore, key: &str) -> Loaded {
    let began = Instant::now();
    loop {
        assert!(store.load(call(), key, None).await.unwrap().is_some(), "there is no record");
        if let Some(copy) = copy(store, key) {
            return copy;
        }
        assert!(began.elapsed() < PATIENCE, "there is no copy");
    }
}

/// A store with copies and another process, with a record of which the store has a copy.
async fn with_copy(key: &str) -> (Server, RedisStore, RedisStore) {
    let server = Server::start();
    let (here, elsewhere) = (copying(&server), server.store());
    assert_eq!(elsewhere.swap(call(), key, None, new(b"old")).await.unwrap(), done());
    assert_eq!(copied(&here, key).await.bytes, "old");
    (server, here, elsewhere)
}

/// Reads as sessions do: from a copy, if there is one.
struct Reading(Vec<RedisStore>, AtomicUsize);

impl Reading {
    /// Each call goes to the next of these.
    fn by(stores: Vec<RedisStore>) -> Self {
        Reading(stores, AtomicUsize::new(0))
    }

    fn next(&self) -> &RedisStore {
        &self.0[self.1.fetch_add(1, Ordering::Relaxed) % self.0.len()]
    }

    /// What one process has done the others see a little later.
    async fn seen(&self) {
        if self.0.len() > 1 {
            sleep(SHORT).await;
        }
    }
}

impl Store for Reading {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let store = self.next();
        match store.copy(call.now, key).filter(|_| touch.is_none()) {
            Some(copy) => Ok(Some(copy)),
            None => {
                let loaded = store.load(call, key, touch).await;
                if touch.is_some() {
                    self.seen().await;
                }
                loaded
            }
        }
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let swapped = self.next().swap(call, key, expected, new).await;
        self.seen().await;
        swapped
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let deleted = self.next().delete(call, key).await;
        self.seen().await;
        deleted
    }
}

/// Shortens lives at the server, which tells of it a moment later.
struct OlderElsewhere(Older);

impl Ageing for OlderElsewhere {
    async fn age(&self, key: &str, by: Duration) -> Result<(), StoreError> {
        self.0.age(key, by).await?;
        sleep(SHORT).await;
        Ok(())
    }
}

#[tokio::test]
async fn copies_have_a_time_that_makes_sense_and_a_connection_of_their_own() {
    let server = Server::start();
    for lasts in [Duration::ZERO, Duration::from_millis(19), Duration::from_secs(11), Duration::MAX] {
        assert!(server.store().cache(lasts, BYTES).is_err(), "{lasts:?}");
    }
    let manager =
        redis::aio::ConnectionManager::new(redis::Client::open(server.url()).unwrap()).await.unwrap();
    assert!(RedisStore::from_manager(manager).cache(SHORT, BYTES).is_err());
    for store in [
        server.store().cache_strict().cache(SHORT, BYTES),
        server.store().cache(SHORT, BYTES).map(RedisStore::cache_strict),
    ] {
        assert_eq!(store.unwrap().seen_everywhere_after(), SHORT);
    }
    assert_eq!(server.store().cache_strict().seen_everywhere_after(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes_with_copies() {
    let server = Server::start();
    let stores = vec![server.store().cache(SHORT, BYTES).unwrap()];
    let suite = Suite::new(Reading::by(stores)).aged_by(OlderElsewhere(Older::at(&server).await));
    suite.histories(256).run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_with_copies_pass_the_suite_in_turns() {
    let server = Server::start();
    let stores =
        vec![server.store().cache(SHORT, BYTES).unwrap(), server.store().cache(SHORT, BYTES).unwrap()];
    let suite = Suite::new(Reading::by(stores)).aged_by(OlderElsewhere(Older::at(&server).await));
    suite.histories(8).run().await.unwrap();
}

#[tokio::test]
async fn a_copy_is_read_without_a_command() {
    let (server, here, _elsewhere) = with_copy("k").await;
    let _: () = server.run(cmd("CONFIG").arg("RESETSTAT"));
    for _ in 0..1_000 {
        assert_eq!(copy(&here, "k").unwrap().bytes, "old");
    }
    let stats: String = server.run(cmd("INFO").arg("commandstats"));
    assert!(!stats.contains("cmdstat_get:") && !stats.contains("cmdstat_pttl:"), "{stats}");
}

#[tokio::test]
async fn a_server_that_proves_a_lease_is_not_asked_for_another_sign_of_life() {
    let server = Server::start();
    let here = server.store().cache(Duration::from_millis(400), BYTES).unwrap();
    server.store().swap(call(), "k", None, new(b"old")).await.unwrap();
    copied(&here, "k").await;
    // A connection without an answer for a second is asked before the next call.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1_200) {
        copy(&here, "k");
        sleep(Duration::from_millis(10)).await;
    }
    let _: () = server.run(cmd("CONFIG").arg("RESETSTAT"));
    here.load(call(), "k", None).await.unwrap();
    let stats: String = server.run(cmd("INFO").arg("commandstats"));
    assert!(stats.contains("cmdstat_get:") && !stats.contains("cmdstat_ping:"), "{stats}");
}

#[tokio::test]
async fn whatever_another_process_does_to_a_record_ends_its_copies() {
    let (server, here, elsewhere) = with_copy("k").await;
    let extend = || async {
        elsewhere.load(call(), "k", Some(HOUR)).await.unwrap();
    };
    let replace = || async {
        let now = server.store().load(call(), "k", None).await.unwrap().unwrap();
        assert_eq!(elsewhere.swap(call(), "k", Some(&now), new(b"new")).await.unwrap(), done());
    };
    let run = |command: Cmd| {
        let server = &server;
        move || async move {
            let _: redis::Value = server.run(&command);
        }
    };
    macro_rules! ends {
        ($what:literal, $act:expr) => {
            copied(&here, "k").await;
            ($act)().await;
            until($what, || copy(&here, "k").is_none()).await;
        };
    }
    ends!("extended by a load", extend);
    ends!("replaced", replace);
    ends!("written by Flask", run(cmd("SETEX").arg("k").arg(3600).arg("new").take()));
    ends!("extended by Flask", run(cmd("EXPIRE").arg("k").arg(60).take()));
    ends!("made permanent", run(cmd("PERSIST").arg("k").take()));
    let _: () = server.run(cmd("EXPIRE").arg("k").arg(60));
    ends!("renamed", run(cmd("RENAME").arg("k").arg("other").take()));
    let _: () = server.run(cmd("RENAME").arg("other").arg("k"));
    ends!("emptied", run(cmd("FLUSHALL").take()));
    elsewhere.swap(call(), "k", None, new(b"again")).await.unwrap();
    ends!("deleted", || async { assert!(elsewhere.delete(call(), "k").await.unwrap()) });
    elsewhere.swap(call(), "k", None, new(b"again")).await.unwrap();
    ends!("swapped away", || async {
        let expected = Loaded::new("again");
        assert_eq!(elsewhere.swap(call(), "k", Some(&expected), None).await.unwrap(), done());
    });
}

#[tokio::test]
async fn a_process_reads_what_it_has_written_itself() {
    let (_server, here, _elsewhere) = with_copy("k").await;
    let mut before = Loaded::new("old");
    for number in 0..300_u32 {
        copied(&here, "k").await;
        let bytes = number.to_string().into_bytes();
        assert_eq!(here.swap(call(), "k", Some(&before), new(&bytes)).await.unwrap(), done());
        assert!(copy(&here, "k").is_none_or(|copy| copy.bytes == bytes), "{number}");
        before = copied(&here, "k").await;
        assert_eq!(before.bytes, bytes);
    }
    assert!(here.delete(call(), "k").await.unwrap());
    assert!(copy(&here, "k").is_none());
}

#[tokio::test]
async fn a_write_that_was_given_up_is_seen_once_it_is_done() {
    let (server, here, _elsewhere) = with_copy("k").await;
    copied(&here, "k").await;
    server.pause();
    let old = Loaded::new("old");
    let given_up = here.swap(call(), "k", Some(&old), new(b"new"));
    assert!(tokio::time::timeout(Duration::from_millis(50), given_up).await.is_err());
    server.resume();
    let began = Instant::now();
    loop {
        let read = match copy(&here, "k") {
            Some(copy) => copy,
            None => here.load(call(), "k", None).await.unwrap().unwrap(),
        };
        if read.bytes == "new" {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the old record stays");
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_lost_connection_ends_all_its_copies_and_the_next_one_has_its_own() {
    let (server, here, _elsewhere) = with_copy("k").await;
    let _: redis::Value = server.run(cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal"));
    until("the copy is gone", || copy(&here, "k").is_none()).await;
    // The call that meets the broken connection may fail.
    let _ = here.load(call(), "k", None).await;
    copied(&here, "k").await;
    server.store().load(call(), "k", Some(HOUR)).await.unwrap();
    until("it is told there, too", || copy(&here, "k").is_none()).await;
}

#[tokio::test]
async fn that_there_is_no_record_is_not_kept() {
    let (_server, here, elsewhere) = with_copy("other").await;
    assert!(here.load(call(), "k", None).await.unwrap().is_none());
    elsewhere.swap(call(), "k", None, new(b"new")).await.unwrap();
    assert_eq!(here.load(call(), "k", None).await.unwrap().unwrap().bytes, "new");
}

#[tokio::test]
async fn a_copy_tells_when_its_record_ends_and_ends_with_it() {
    let (server, here, _elsewhere) = with_copy("other").await;
    let _: () = server.run(cmd("SET").arg("k").arg("short").arg("PX").arg(700));
    let copied = copied(&here, "k").await;
    let left = copied.expires.unwrap().duration_since(SystemTime::now()).unwrap();
    assert!(left <= Duration::from_millis(700), "{left:?}");
    // It is not Redis that says so: it stands still.
    server.pause();
    sleep(Duration::from_millis(710)).await;
    assert!(copy(&here, "k").is_none());
    server.resume();
}

#[tokio::test]
async fn nobody_asks_a_server_of_which_no_copy_is_used() {
    let server = Server::start();
    let (here, elsewhere) = (server.store().cache(SHORT, BYTES).unwrap(), server.store());
    elsewhere.swap(call(), "k", None, new(b"old")).await.unwrap();
    copied(&here, "k").await;
    let asked = || -> usize {
        let stats: String = server.run(cmd("INFO").arg("commandstats"));
        let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_exists:calls="));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    };
    let (mut before, mut since) = (asked(), Instant::now());
    until("nobody asks for ten leases", || {
        let now = asked();
        if now != before {
            (before, since) = (now, Instant::now());
        }
        since.elapsed() > SHORT * 10
    })
    .await;
    assert!(copy(&here, "k").is_none(), "a lease that nobody keeps has ended");
    copied(&here, "k").await;
}

#[tokio::test]
async fn a_user_of_redis_needs_two_rights_more() {
    const RIGHTS: &str = "+client|tracking +exists";
    assert!(include_str!("../../../docs/stores.md").contains(RIGHTS));
    let server = Server::start();
    let rights = "on >password ~k* +pttl +get +getex +set +del +evalsha +eval +script|load +ping +publish";
    for (name, more, are_enough) in [("less", "", false), ("more", RIGHTS, true)] {
        let mut acl = cmd("ACL");
        acl.arg(&["SETUSER", name]).arg(
            rights.split(' ').chain(more.split(' ')).filter(|right| !right.is_empty()).collect::<Vec<_>>(),
        );
        let _: () = server.run(&acl);
        let url = server.url().replace("//", &format!("//{name}:password@"));
        let here = RedisStore::from_url(&url).unwrap().cache(LONG, BYTES).unwrap();
        let pinged = here.ping(call()).await;
        assert_eq!(pinged.is_ok(), are_enough, "{name}: {pinged:?}");
        if are_enough {
            server.store().swap(call(), "k", None, new(b"old")).await.unwrap();
            copied(&here, "k").await;
        } else {
            assert!(texts(&pinged.unwrap_err()).contains("NOPERM"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_a_copy_counts_while_its_server_has_the_key() {
    let cluster = RedisCluster::start_as(&Plan { replicas: false, ..Plan::default() });
    let here = RedisStore::cluster(cluster.urls()).unwrap().cache(LONG, BYTES).unwrap();
    let elsewhere = RedisStore::cluster(cluster.urls()).unwrap();
    let keys: Vec<String> = (0..9).map(|number| format!("k{number}")).collect();
    for key in &keys {
        elsewhere.swap(call(), key, None, new(b"old")).await.unwrap();
        copied(&here, key).await;
    }
    assert!(keys.iter().all(|key| copy(&here, key).is_some()));
    let expected = Loaded::new("old");
    for key in &keys {
        assert_eq!(elsewhere.swap(call(), key, Some(&expected), new(b"new")).await.unwrap(), done());
        until("it is told", || copy(&here, key).is_none()).await;
        assert_eq!(copied(&here, key).await.bytes, "new");
        // The key has another master afterwards.
        cluster.move_slot(cluster.slot_of(key), Duration::ZERO);
        until("that the slot moves is told", || copy(&here, key).is_none()).await;
        assert_eq!(copied(&here, key).await.bytes, "new");
        elsewhere.load(call(), key, Some(HOUR)).await.unwrap();
        until("the new master tells, too", || copy(&here, key).is_none()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_copy_outlives_a_deletion_that_the_old_master_of_a_cluster_does_not_hear_of() {
    let lasts = Duration::from_millis(200);
    let cluster = RedisCluster::start();
    let here = RedisStore::cluster(cluster.urls()).unwrap().cache(lasts, BYTES).unwrap();
    let elsewhere = RedisStore::cluster(cluster.urls()).unwrap();
    elsewhere.swap(call(), "k", None, new(b"old")).await.unwrap();
    let master = cluster.master_of(cluster.slot_of("k"));
    let replica = cluster.replica_of(master);
    // It can't follow the new master: its login there is wrong.
    cluster.nodes()[master].command(&["CONFIG", "SET", "masteruser", "nobody"]);
    cluster.nodes()[master].command(&["CONFIG", "SET", "masterauth", "wrong"]);
    copied(&here, "k").await;
    cluster.nodes()[replica].command(&["CLUSTER", "FAILOVER"]);
    let began = Instant::now();
    let mut deleted: Option<Instant> = None;
    loop {
        if deleted.is_none() && cluster.nodes()[replica].is_master() {
            elsewhere.delete(call(), "k").await.unwrap();
            deleted = Some(Instant::now());
        }
        let looked = Instant::now();
        if copy(&here, "k").is_some() {
            let age = deleted.map_or(Duration::ZERO, |deleted| looked.saturating_duration_since(deleted));
            assert!(age <= lasts, "a deleted session was read {age:?} after its deletion was answered");
        } else if here.load(call(), "k", None).await.unwrap().is_none() {
            assert!(deleted.is_some());
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the replica does not become the master");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_server_that_was_made_a_replica_proves_no_lease() {
    let lasts = Duration::from_millis(200);
    let server = Server::start();
    let (here, elsewhere) = (server.store().cache(lasts, BYTES).unwrap(), server.store());
    elsewhere.swap(call(), "k", None, new(b"old")).await.unwrap();
    copied(&here, "k").await;
    // Of a master that it never reaches, so that it tells nobody of anything.
    let _: () = server.run(cmd("REPLICAOF").arg("127.0.0.1").arg(1));
    until("copies end", || copy(&here, "k").is_none()).await;
    let load = here.load(call(), "k", None).await;
    assert!(load.is_ok_and(|there| there.is_some()), "a replica is still read");
}
