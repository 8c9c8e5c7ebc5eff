//! Every store passes the public suite; those in SQL do so in `tests/tests/every_store/conformance.rs`.

use rocket_session_state_conformance::Suite;
use rocket_session_state_core::store::MemoryStore;

/// More than an application's test needs: these are the stores that all applications stand on.
const HISTORIES: u32 = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_suite_passes_on_memory() {
    Suite::new(MemoryStore::new(1_000)).histories(HISTORIES).run().await.unwrap();
}

#[cfg(feature = "filesystem")]
mod files {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rocket_session_state_conformance::Suite;
    use std::time::Duration;

    use rocket_session_state_core::store::{Call, FileStore, Loaded, New, Store, StoreError, Swap};
    use tempfile::TempDir;

    use super::HISTORIES;

    /// Two stores that know nothing of each other, as in two processes; each call goes to the next.
    struct Pair([FileStore; 2], AtomicUsize);

    impl Pair {
        fn next(&self) -> &FileStore {
            &self.0[self.1.fetch_add(1, Ordering::Relaxed) % 2]
        }
    }

    impl Store for Pair {
        async fn load(
            &self,
            call: Call,
            key: &str,
            touch: Option<Duration>,
        ) -> Result<Option<Loaded>, StoreError> {
            self.next().load(call, key, touch).await
        }

        async fn swap(
            &self,
            call: Call,
            key: &str,
            expected: Option<&Loaded>,
            new: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            self.next().swap(call, key, expected, new).await
        }

        async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
            self.next().delete(call, key).await
        }

        async fn purge(&self, call: Call) -> Result<u64, StoreError> {
            self.next().purge(call).await
        }

        async fn ping(&self, call: Call) -> Result<(), StoreError> {
            self.next().ping(call).await
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn the_suite_passes_on_files() {
        let folder = TempDir::new().unwrap();
        Suite::new(FileStore::new(folder.path())).histories(HISTORIES).run().await.unwrap();
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "the suite leaves nothing behind but the folder with the locks");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_file_stores_in_one_folder_pass_the_suite_as_one() {
        let folder = TempDir::new().unwrap();
        let stores = [(); 2].map(|()| FileStore::new(folder.path()));
        Suite::new(Pair(stores, AtomicUsize::new(0))).histories(HISTORIES).run().await.unwrap();
    }
}

#[cfg(feature = "redis")]
pub(crate) mod redis {
    use std::sync::Arc;
    use std::time::Duration;

    use redis::aio::{ConnectionManager, MultiplexedConnection};
    use redis::{Client, cmd};
    use rocket_session_state_conformance::{Ageing, Suite};
    use rocket_session_state_core::store::{RedisStore, StoreError};
    use test_servers::engine::Engine;
    use test_servers::lent::Lent;
    use test_servers::redis_cluster::RedisCluster;
    use test_servers::redis_sentinel::RedisSentinel;
    use test_servers::resp::Reply;
    use tokio::task::block_in_place;

    use super::HISTORIES;
    use crate::redis_server::Server;

    /// Shortens lives at the server, whose clock can't be set.
    pub(crate) struct Older(MultiplexedConnection);

    const SHORTEN: &str = "local left = redis.call('PTTL', KEYS[1]) - ARGV[1] \
        return left > 0 and redis.call('PEXPIRE', KEYS[1], left) or redis.call('DEL', KEYS[1])";

    impl Older {
        pub(crate) async fn at(server: &Server) -> Older {
            Older::at_url(&server.url()).await
        }

        async fn at_url(url: &str) -> Older {
            let client = Client::open(url).unwrap();
            Older(client.get_multiplexed_async_connection().await.unwrap())
        }
    }

    impl Ageing for Older {
        async fn age(&self, key: &str, by: Duration) -> Result<(), StoreError> {
            let mut command = cmd("EVAL");
            command.arg(SHORTEN).arg(1).arg(key).arg(by.as_secs() * 1000);
            command.exec_async(&mut self.0.clone()).await.map_err(StoreError::unavailable)
        }
    }

    async fn pass(engine: Engine) {
        let server = Server::start_engine(engine, &[]);
        let suite = Suite::new(server.store()).aged_by(Older::at(&server).await);
        suite.histories(HISTORIES).run().await.unwrap();
        let left: i64 = server.run(&cmd("DBSIZE"));
        assert_eq!(left, 0, "the suite leaves nothing behind");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_redis() {
        pass(Engine::Redis7_0).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_redis_6_2() {
        pass(Engine::Redis6_2).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_redis_8_2() {
        pass(Engine::Redis8_2).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_valkey_8_1() {
        pass(Engine::Valkey8_1).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_valkey_9_1() {
        pass(Engine::Valkey9_1).await;
    }

    /// Shortens lives at whichever master has the record.
    struct OlderInCluster(Arc<RedisCluster>);

    impl Ageing for OlderInCluster {
        async fn age(&self, key: &str, by: Duration) -> Result<(), StoreError> {
            let by = (by.as_secs() * 1000).to_string();
            block_in_place(|| self.0.command(key, &["EVAL", SHORTEN, "1", key, &by]));
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_redis_cluster() {
        let cluster = Arc::new(RedisCluster::start());
        let store = RedisStore::cluster(cluster.urls()).unwrap();
        Suite::new(store)
            .aged_by(OlderInCluster(Arc::clone(&cluster)))
            .histories(HISTORIES)
            .run()
            .await
            .unwrap();
        assert_eq!(cluster.keys(), [""; 0], "the suite leaves nothing behind");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_redis_sentinel() {
        let redis = Lent::<RedisSentinel>::take();
        let store = RedisStore::from_url(&redis.url()).unwrap();
        let suite = Suite::new(store).aged_by(Older::at_url(&redis.master_url()).await);
        suite.histories(HISTORIES).run().await.unwrap();
        assert_eq!(redis.command(&["DBSIZE"]), Reply::Integer(0), "the suite leaves nothing behind");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_redis_store_passes_on_an_applications_manager() {
        let server = Server::start();
        let manager = ConnectionManager::new(Client::open(server.url()).unwrap()).await.unwrap();
        Suite::new(RedisStore::from_manager(manager)).aged_by(Older::at(&server).await).run().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_redis_store_passes_in_redis_protocol_3() {
        let server = Server::start();
        let store = RedisStore::from_url(&format!("{}/?protocol=resp3", server.url())).unwrap();
        Suite::new(store).aged_by(Older::at(&server).await).run().await.unwrap();
    }
}

#[cfg(feature = "memcached")]
mod memcached {
    use std::sync::Arc;
    use std::time::Duration;

    use rocket_session_state_conformance::{Ageing, Suite};
    use rocket_session_state_core::store::{MemcachedStore, Store, StoreError};

    use super::HISTORIES;
    use crate::calls::call;
    use crate::memcached_server::Server;

    /// Shortens lives at whichever server has the item.
    struct Older(Arc<Vec<Server>>);

    impl Ageing for Older {
        async fn age(&self, key: &str, by: Duration) -> Result<(), StoreError> {
            for server in self.0.iter() {
                let Some(left) = server.seconds_left(key) else { continue };
                match left.saturating_sub(by.as_secs()) {
                    0 => server.ask(&format!("md {key}")),
                    left => server.ask(&format!("mg {key} T{left}")),
                };
            }
            Ok(())
        }
    }

    async fn pass(servers: Vec<Server>, limit: Option<usize>, histories: u32) {
        let servers = Arc::new(servers);
        let store = MemcachedStore::from_servers(servers.iter().map(Server::address)).unwrap();
        store.ping(call()).await.unwrap();
        let mut suite = Suite::new(store).aged_by(Older(Arc::clone(&servers))).histories(histories);
        if let Some(limit) = limit {
            suite = suite.limit(limit);
        }
        suite.run().await.unwrap();
        for server in servers.iter() {
            let stats = server.ask("stats");
            assert!(!stats.contains("STAT cmd_set 0\n"), "a server got nothing");
            assert!(stats.contains("STAT curr_items 0\n"), "the suite leaves nothing behind");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_memcached() {
        // An item of one mebibyte holds the key, too.
        pass(vec![Server::start()], Some(1_048_000), HISTORIES).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_memcached_store_passes_on_several_servers_with_larger_items() {
        let servers = (0..3).map(|_| Server::start_with(&["-I", "2m"])).collect();
        pass(servers, None, 16).await;
    }
}

#[cfg(feature = "mongodb")]
mod mongodb {
    use mongodb::bson::doc;
    use rocket_session_state_conformance::Suite;

    use super::HISTORIES;
    use crate::mongodb_server::Server;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_suite_passes_on_mongodb() {
        let server = Server::start();
        let suite = Suite::new(server.store().await).limit(8_372_224);
        suite.histories(HISTORIES).run().await.unwrap();
        let left = server.collection().await.count_documents(doc! {}).await.unwrap();
        assert_eq!(left, 0, "the suite leaves nothing behind");
    }
}

#[cfg(feature = "redis")]
pub(crate) use redis::Older;
