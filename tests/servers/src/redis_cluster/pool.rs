//! Clusters that tests use one after another.

use std::sync::Mutex;

use super::RedisCluster;
use crate::lent::{self, Lendable};

/// A cluster of 3 masters and 3 replicas for this test alone, empty and whole. When the value is dropped the next test
/// gets it.
pub type Lent = lent::Lent<RedisCluster>;

impl RedisCluster {
    /// Takes one that another test of this process has left, or starts one.
    pub fn lent() -> Lent {
        Lent::take()
    }
}

impl Lendable for RedisCluster {
    fn idle() -> &'static Mutex<Vec<RedisCluster>> {
        static IDLE: Mutex<Vec<RedisCluster>> = Mutex::new(Vec::new());
        &IDLE
    }

    fn start() -> RedisCluster {
        RedisCluster::start()
    }

    fn make_ready(&mut self) {
        self.restore();
        self.wait_until_whole();
        self.clear();
    }
}
