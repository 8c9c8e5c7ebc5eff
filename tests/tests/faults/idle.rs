//! Connections that end while nobody uses them.

use std::any::Any;

use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::lent::Lent;
use session_tests::memcached::Memcached;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::redis::Redis;
use session_tests::redis_cluster::RedisCluster;
use session_tests::resp::Reply;
use session_tests::storage::{Database, Storage, on_memcached, on_mongodb, on_redis, on_redis_cluster};

/// The connections of the application end while nobody uses them, and the next request is served: one that only reads,
/// one that writes, and the log-in of somebody new, which begins with a write.
fn nobody_notices(mut storage: Storage, end_connections: impl Fn(&mut Storage)) {
    let toml = format!("[default]\n{}", storage.rocket_toml());
    let app: App = Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start();
    let (visitor, anybody) = (Client::with_jar(&app.url(), &Jar::default()), Client::new(&app.url()));
    for (client, path) in [(&visitor, "/read"), (&visitor, "/count"), (&anybody, "/login?name=momo")] {
        assert_eq!(visitor.get("/login?name=momo").send().status, 200, "{}", app.output());
        end_connections(&mut storage);
        assert_eq!(client.get(path).send().status, 200, "{path}: {}", app.output());
    }
    assert!(!app.output().contains("the session store"), "{}", app.output());
}

/// The seconds for which each of the others has not used its connection to this Redis.
fn idle_times(redis: &Redis) -> Vec<u64> {
    idle_times_in(&redis.command(&["CLIENT", "LIST"]))
}

/// The same, to all nodes of a cluster.
fn idle_times_in_cluster(cluster: &RedisCluster) -> Vec<u64> {
    let lists = cluster.nodes().iter().map(|node| node.command(&["CLIENT", "LIST", "TYPE", "normal"]));
    lists.flat_map(|list| idle_times_in(&list)).collect()
}

fn idle_times_in(list: &Reply) -> Vec<u64> {
    let list = list.text();
    let field = |line: &str, name: &str| {
        line.split(' ')
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    let others = list.lines().filter(|line| !field(line, "cmd").starts_with("client|list"));
    others.map(|line| field(line, "idle").parse().expect("seconds")).collect()
}

fn redis(storage: &mut Storage) -> &mut Redis {
    let storage: &mut dyn Any = &mut **storage;
    storage.downcast_mut().expect("Redis")
}

#[test]
fn on_redis_that_closes_them() {
    nobody_notices(on_redis(), |storage| {
        let redis = redis(storage);
        let is_idle = || !idle_times(redis).is_empty() && idle_times(redis).iter().all(|idle| *idle >= 2);
        assert!(poll::until(PATIENCE, is_idle), "{:?}", idle_times(redis));
        redis.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert!(poll::until(PATIENCE, || idle_times(redis).is_empty()), "{:?}", idle_times(redis));
    });
}

#[test]
fn on_a_redis_cluster_that_closes_them() {
    nobody_notices(on_redis_cluster(), |storage| {
        let storage: &mut dyn Any = &mut **storage;
        let cluster: &Lent<RedisCluster> = storage.downcast_ref().expect("a cluster");
        let idle_times = || idle_times_in_cluster(cluster);
        let are_idle = || !idle_times().is_empty() && idle_times().iter().all(|idle| *idle >= 2);
        assert!(poll::until(PATIENCE, are_idle), "{:?}", idle_times());
        cluster.cut();
        assert!(poll::until(PATIENCE, || idle_times().is_empty()), "{:?}", idle_times());
    });
}

#[test]
fn on_redis_with_a_timeout() {
    let storage = on_redis();
    nobody_notices(storage, |storage| {
        let redis = redis(storage);
        redis.command(&["CONFIG", "SET", "timeout", "1"]);
        assert!(poll::until(PATIENCE, || idle_times(redis).is_empty()), "{:?}", idle_times(redis));
    });
}

#[test]
fn on_redis_that_starts_again() {
    nobody_notices(on_redis(), |storage| {
        let is_idle = |redis: &Redis| idle_times(redis).iter().all(|idle| *idle >= 2);
        assert!(poll::until(PATIENCE, || is_idle(redis(storage))));
        storage.kill();
        storage.restart();
    });
}

/// Ends every connection to a database that has rested for two seconds, once all have.
fn end_by(database: &Database, list: &str, rested: &str, end: impl Fn(&str)) {
    let count = |condition: &str| database.query(&list.replace("WHERE", &format!("WHERE {condition} AND")));
    let all = || count("1 = 1");
    assert!(poll::until(PATIENCE, || !all().is_empty() && all() == count(rested)), "{}", all());
    for id in all().lines() {
        end(id);
    }
    assert!(poll::until(PATIENCE, || all().is_empty()), "{}", all());
}

fn database(storage: &mut Storage) -> &Database {
    let storage: &dyn Any = &**storage;
    storage.downcast_ref().expect("a database")
}

#[test]
fn on_postgresql_that_ends_them() {
    nobody_notices(Box::new(Database::postgres()), |storage| {
        let database = database(storage);
        let list =
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let rested = "state = 'idle' AND state_change < clock_timestamp() - interval '2 seconds'";
        end_by(database, list, rested, |pid| {
            database.query(&format!("SELECT pg_terminate_backend({pid})"));
        });
    });
}

#[test]
fn on_mariadb_that_ends_them() {
    nobody_notices(Box::new(Database::mariadb()), |storage| {
        let database = database(storage);
        let list =
            "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
        end_by(database, list, "command = 'Sleep' AND time_ms > 2000", |id| {
            database.query(&format!("KILL {id}"));
        });
    });
}

#[test]
fn on_memcached_that_starts_again() {
    nobody_notices(on_memcached(), |storage| {
        let storage: &mut dyn Any = &mut **storage;
        storage.downcast_mut::<Memcached>().expect("memcached").restart();
    });
}

#[test]
fn on_mongodb_that_starts_again() {
    nobody_notices(on_mongodb(), |storage| {
        storage.kill();
        storage.restart();
    });
}
