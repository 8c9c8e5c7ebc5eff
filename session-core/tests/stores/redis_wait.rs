//! Writes that wait for replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{Client, cmd};
use rocket_session_state_conformance::Suite;
use rocket_session_state_core::store::{Loaded, RedisStore, Store, StoreError, Swap};
use test_servers::engine::Engine;
use test_servers::poll;
use test_servers::process::PATIENCE;
use test_servers::redis_sentinel::{Plan, RedisSentinel};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::calls::{call, done, new, stored, texts, until, within};
use crate::conformance::Older;
use crate::redis_server::{Seen, Server};

fn confirmed(server: &Server) -> RedisStore {
    server.store().wait_for_replicas(1).unwrap()
}

const SHORT: Duration = Duration::from_millis(400);

/// How many of the commands are this one.
fn count(seen: &[Seen], name: &str) -> usize {
    let is_it = |seen: &&Seen| matches!(seen, Seen::Client(text) if text.starts_with(&format!("\"{name}\"")));
    seen.iter().filter(is_it).count()
}

#[tokio::test]
async fn what_is_answered_is_on_a_replica() {
    for engine in [Engine::Redis7_0, Engine::Valkey8_1] {
        let server = Server::start_engine(engine, &[]);
        let replica = server.replica();
        let store = confirmed(&server);
        let mut before: Option<Loaded> = None;
        for number in 0..200 {
            let record = number.to_string();
            let swapped = store.swap(call(), "k", before.as_ref(), new(record.as_bytes())).await.unwrap();
            assert_eq!(swapped, done());
            assert_eq!(replica.get("k").as_deref(), Some(record.as_bytes()), "{engine}");
            before = Some(Loaded::new(record));
        }
        assert!(store.delete(call(), "k").await.unwrap());
        assert_eq!(replica.get("k"), None, "{engine}");
    }
}

#[tokio::test]
async fn one_wait_closes_a_batch_of_writes_and_reads_wait_for_none() {
    let server = Server::start();
    let _replica = server.replica();
    let store = Arc::new(confirmed(&server));
    store.ping(call()).await.unwrap();
    store.swap(call(), "first", None, new(b"x")).await.unwrap();
    let watch = server.watch();
    let mut calls = JoinSet::new();
    for number in 0..40 {
        let (store, key) = (Arc::clone(&store), format!("k{number}"));
        calls.spawn(async move {
            assert_eq!(store.swap(call(), &key, None, new(b"x")).await.unwrap(), done());
            stored(&*store, &key).await.unwrap();
        });
    }
    calls.join_all().await;
    let seen = watch.end();
    assert_eq!((count(&seen, "EVALSHA"), count(&seen, "GET")), (40, 40));
    assert!((1..=4).contains(&count(&seen, "WAIT")), "{} waits", count(&seen, "WAIT"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_passes_where_writes_wait_for_a_replica() {
    let server = Server::start();
    let _replica = server.replica();
    let suite = Suite::new(confirmed(&server)).aged_by(Older::at(&server).await);
    suite.histories(64).run().await.unwrap();
}

#[tokio::test]
async fn while_the_replica_stands_still_writes_fail_with_an_open_outcome_and_all_else_goes_on() {
    let server = Server::start();
    let replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"old")).await.unwrap(), done());
    replica.pause();
    let old = Loaded::new("old");
    let mut written = Box::pin(store.swap(until(SHORT), "k", Some(&old), new(b"new")));
    let reads = async {
        // The master has it; whether it stays, nobody knows.
        while stored(&store, "k").await.unwrap().bytes != "new" {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        written = &mut written => panic!("answered before it was read: {written:?}"),
        () = reads => {}
    }
    let error = written.await.unwrap_err();
    assert!(error.is_outage() && !error.wrote_nothing() && !error.is_refusal(), "{}", texts(&error));
    assert!(texts(&error).contains("fewer replicas than session_redis_wait_replicas"), "{}", texts(&error));

    // What writes nothing waits for nobody.
    let watch = server.watch();
    let conflict = within(call(), store.swap(call(), "k", Some(&old), new(b"x"))).await;
    assert_eq!(conflict.unwrap(), Swap::Conflict(Some(Loaded::new("new"))));
    assert_eq!(count(&watch.end(), "WAIT"), 0);
    let deleted = store.delete(until(SHORT), "k").await.unwrap_err();
    assert!(deleted.is_outage() && !deleted.wrote_nothing(), "{}", texts(&deleted));

    replica.resume();
    let again = within(call(), store.swap(call(), "k", None, new(b"again"))).await;
    assert_eq!(again.unwrap(), done());
    assert_eq!(replica.get("k").as_deref(), Some(&b"again"[..]));
}

/// Its caller has read that nothing has happened, and has told somebody so.
#[tokio::test]
async fn a_write_that_is_given_up_behind_others_is_never_carried_out() {
    let server = Server::start();
    let replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    replica.pause();
    let first = store.swap(until(SHORT * 2), "first", None, new(b"x"));
    let late = until(SHORT / 4);
    let behind = async {
        while stored(&store, "first").await.is_none() {
            tokio::task::yield_now().await;
        }
        let behind = within(late, store.swap(late, "behind", None, new(b"x"))).await.unwrap_err();
        assert!(behind.is_outage() && behind.wrote_nothing(), "{}", texts(&behind));
    };
    let (first, ()) = tokio::join!(first, behind);
    assert!(first.is_err_and(|error| error.is_outage() && !error.wrote_nothing()));
    replica.resume();
    assert_eq!(store.swap(call(), "last", None, new(b"x")).await.unwrap(), done());
    assert_eq!(server.keys(), ["first", "k", "last"]);
}

#[tokio::test]
async fn a_server_without_enough_replicas_does_not_launch_and_says_why() {
    let server = Server::start();
    let _replica = server.replica();
    let store = server.store().wait_for_replicas(2).unwrap();
    let error = store.swap(until(SHORT * 5), "k", None, new(b"x")).await.unwrap_err();
    assert!(texts(&error).contains("fewer replicas"), "{}", texts(&error));
    let _: () = server.run(cmd("ACL").arg("SETUSER").arg("default").arg("-wait"));
    let error = confirmed(&server).swap(call(), "k", None, new(b"y")).await.unwrap();
    assert!(matches!(error, Swap::Conflict(_)), "{error:?}");
    let error = confirmed(&server).swap(call(), "other", None, new(b"y")).await.unwrap_err();
    assert!(texts(&error).contains("may not run WAIT") && !error.wrote_nothing(), "{}", texts(&error));
}

#[tokio::test]
async fn a_cut_connection_fails_the_writes_on_it_and_the_next_ones_have_another() {
    let server = Server::start();
    let replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    replica.pause();
    let waiting = store.swap(call(), "cut", None, new(b"x"));
    let cut = async {
        while stored(&store, "cut").await.is_none() {
            tokio::task::yield_now().await;
        }
        let _: i64 = server.run(cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal"));
    };
    let (waited, ()) = tokio::join!(within(call(), waiting), cut);
    let error: StoreError = waited.unwrap_err();
    assert!(error.is_outage() && !error.wrote_nothing(), "{}", texts(&error));
    replica.resume();
    let again = within(call(), store.swap(call(), "again", None, new(b"x"))).await;
    assert_eq!(again.unwrap(), done());
}

#[tokio::test]
async fn on_a_connection_of_the_application_nothing_can_wait() {
    let server = Server::start();
    let manager = ConnectionManager::new(Client::open(server.url()).unwrap()).await.unwrap();
    let error = RedisStore::from_manager(manager).wait_for_replicas(1).unwrap_err();
    assert!(texts(&error).contains("can't wait for replicas"), "{}", texts(&error));
}

/// On newer servers a `DEL` of nothing leaves nothing to wait for. What is published would do, but not in a cluster, and not
/// where that is refused.
#[tokio::test]
async fn an_end_that_is_asked_for_again_is_not_done_while_no_replica_has_it() {
    for engine in [Engine::Redis7_0, Engine::Valkey9_1] {
        let server = Server::start_engine(engine, &[]);
        let replica = server.replica();
        let _: () = server.run(cmd("ACL").arg("SETUSER").arg("default").arg("-publish"));
        let store = confirmed(&server);
        assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
        replica.pause();
        // The same process, and another one.
        for store in [&store, &store, &confirmed(&server)] {
            let deleted = within(until(SHORT), store.delete(until(SHORT), "k")).await;
            let error = deleted.expect_err("no replica knows of it");
            assert!(error.is_outage() && !error.wrote_nothing(), "{engine}: {}", texts(&error));
            assert_eq!(server.keys(), [""; 0], "{engine}");
        }
        replica.resume();
        assert!(!within(call(), store.delete(call(), "k")).await.unwrap(), "{engine}");
        assert_eq!(replica.get("k"), None, "{engine}");
    }
}

/// A handler begins something and then does something else for a while.
#[tokio::test]
async fn a_caller_that_does_not_look_at_its_answer_holds_up_nobody() {
    let server = Server::start();
    let _replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    for key in ["k", "written"] {
        let mut lazy = Box::pin(store.swap(call(), key, None, new(b"y")));
        assert!(futures_util::poll!(&mut lazy).is_pending());
        let other = format!("beside {key}");
        let swapped = within(until(SECOND), store.swap(until(SECOND), &other, None, new(b"z"))).await;
        assert_eq!(swapped.unwrap(), done());
        assert_eq!(lazy.await.is_ok_and(|swap| swap == done()), key == "written");
    }
}

/// The one with less time is in the same batch.
#[tokio::test]
async fn each_write_of_a_batch_waits_for_replicas_until_its_own_deadline() {
    let server = Server::start();
    let replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    replica.pause();
    let hasty = async {
        let hasty = within(until(SHORT), store.swap(until(SHORT), "hasty", None, new(b"x"))).await;
        let error = hasty.unwrap_err();
        assert!(texts(&error).contains("fewer replicas than"), "{}", texts(&error));
        replica.resume();
    };
    let (patient, ()) = tokio::join!(within(call(), store.swap(call(), "patient", None, new(b"x"))), hasty);
    assert_eq!(patient.unwrap(), done());
}

#[tokio::test]
async fn behind_a_write_that_a_silent_server_does_not_answer_nothing_has_happened() {
    let server = Server::start();
    let _replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    server.pause();
    let first = within(until(SHORT), store.swap(until(SHORT), "first", None, new(b"x")));
    let behind = async {
        // Until the first one is on its way.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        within(call(), store.swap(call(), "behind", None, new(b"x"))).await
    };
    let (first, behind) = tokio::join!(first, behind);
    server.resume();
    assert!(first.is_err_and(|error| !error.wrote_nothing()));
    let error = behind.unwrap_err();
    assert!(error.is_outage() && error.wrote_nothing(), "{}", texts(&error));
    assert_eq!(store.swap(call(), "behind", None, new(b"x")).await.unwrap(), done());
}

/// What fills a batch is followed by another one.
#[tokio::test]
async fn long_writes_are_confirmed_in_several_batches() {
    let server = Server::start();
    let replica = server.replica();
    let store = confirmed(&server);
    assert_eq!(store.swap(call(), "k", None, new(b"x")).await.unwrap(), done());
    let watch = server.watch();
    let record = vec![b'x'; 40 * 1024];
    let keys: Vec<_> = (0..8).map(|number| format!("long {number}")).collect();
    let swaps = keys.iter().map(|key| store.swap(call(), key, None, new(&record)));
    for swapped in futures_util::future::join_all(swaps).await {
        assert_eq!(swapped.unwrap(), done());
    }
    assert_eq!(count(&watch.end(), "WAIT"), 4, "two in each");
    assert!(keys.iter().all(|key| replica.get(key).as_deref() == Some(&record[..])));
}

/// Writers, each the only one of its session, which they increment until they are told to stop.
#[derive(Default)]
struct Writers {
    acknowledged: AtomicU64,
    lost: AtomicU64,
    stop: AtomicBool,
}

impl Writers {
    /// Writes one session. After an error it reads what became of the write.
    async fn write(&self, store: &RedisStore, key: &str) {
        let (mut here, mut acknowledged) = (0, 0);
        while !self.stop.load(Relaxed) {
            let expected = (here > 0).then(|| Loaded::new(here.to_string()));
            let next = (here + 1).to_string();
            let limit = until(SECOND);
            let swap = store.swap(limit, key, expected.as_ref(), new(next.as_bytes()));
            match timeout_at(limit.deadline, swap).await {
                Ok(Ok(Swap::Done { .. })) => {
                    here += 1;
                    acknowledged = here;
                    self.acknowledged.fetch_add(1, Relaxed);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    continue;
                }
                Ok(Ok(Swap::Conflict(record))) => here = number(record.as_ref()),
                Ok(Err(_)) | Err(_) => match self.read(store, key).await {
                    Some(read) => here = read,
                    None => return,
                },
            }
            self.lost.fetch_add(acknowledged.saturating_sub(here), Relaxed);
            acknowledged = acknowledged.min(here);
        }
    }

    async fn read(&self, store: &RedisStore, key: &str) -> Option<u64> {
        while !self.stop.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let limit = until(SECOND);
            if let Ok(Ok(record)) = timeout_at(limit.deadline, store.load(limit, key, None)).await {
                return Some(number(record.as_ref()));
            }
        }
        None
    }

    /// Waits until so many more writes are acknowledged.
    fn have_written(&self, more: u64) {
        let enough = self.acknowledged.load(Relaxed) + more;
        assert!(poll::until(PATIENCE, || self.acknowledged.load(Relaxed) >= enough), "no write succeeds");
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn number(record: Option<&Loaded>) -> u64 {
    record.map_or(0, |record| std::str::from_utf8(&record.bytes).unwrap().parse().unwrap())
}

/// A planned failover begins with the promotion of one replica, and the others follow the old master for a while. So all
/// replicas are waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_failover_loses_no_acknowledged_write_where_all_replicas_are_waited_for() {
    let servers = RedisSentinel::start_as(Plan::default());
    let store = Arc::new(RedisStore::from_url(&servers.url()).unwrap().wait_for_replicas(2).unwrap());
    let writers = Arc::new(Writers::default());
    let mut tasks = JoinSet::new();
    for number in 0..16 {
        let (writers, store) = (Arc::clone(&writers), Arc::clone(&store));
        tasks.spawn(async move { writers.write(&store, &format!("k{number}")).await });
    }
    let watched = Arc::clone(&writers);
    let failed_over = tokio::task::spawn_blocking(move || {
        let before = servers.master();
        watched.have_written(500);
        servers.fail_over();
        assert!(poll::until(PATIENCE, || servers.master() != before), "there was no failover");
        servers.wait_until_whole();
        watched.have_written(500);
        servers
    });
    let _servers = failed_over.await.unwrap();
    writers.stop.store(true, Relaxed);
    tasks.join_all().await;
    assert_eq!(writers.lost.load(Relaxed), 0, "of {}", writers.acknowledged.load(Relaxed));
}
