//! Clusters that tests use one after another: a start takes seconds.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::RedisCluster;

static IDLE: Mutex<Vec<RedisCluster>> = Mutex::new(Vec::new());

/// A cluster of 3 masters and 3 replicas for this test alone, empty and whole. When the value is dropped the next test
/// gets it.
pub struct Lent(Option<RedisCluster>);

impl RedisCluster {
    /// Takes one that another test of this process has left, or starts one.
    pub fn lent() -> Lent {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let cluster = idle.unwrap_or_else(RedisCluster::start);
        cluster.wait_until_whole();
        cluster.clear();
        Lent(Some(cluster))
    }
}

impl Deref for Lent {
    type Target = RedisCluster;

    fn deref(&self) -> &RedisCluster {
        self.0.as_ref().expect("a cluster until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut RedisCluster {
        self.0.as_mut().expect("a cluster until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Nobody knows what state a test leaves that has failed.
        if let Some(mut cluster) = self.0.take().filter(|_| !thread::panicking()) {
            cluster.restore();
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(cluster);
        }
    }
}
