//! The Redis store on a cluster on its bad days, under load.
mod events;
mod partition;
mod round;
mod shapes;
mod visitors;

use rocket_session_state::store::RedisStore;
use session_tests::redis_cluster::RedisCluster;

/// A store that is told of all nodes.
fn store(cluster: &RedisCluster) -> RedisStore {
    RedisStore::cluster(cluster.urls()).unwrap()
}

/// The same, whose writes are answered once a replica has them.
fn waiting_store(cluster: &RedisCluster) -> RedisStore {
    store(cluster).wait_for_replicas(1).unwrap()
}
