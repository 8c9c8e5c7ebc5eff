//! Sessions in a Redis Cluster.

use crate::client::unix_now;
use crate::proxy::Proxy;
use crate::redis_cluster::{Lent, RedisCluster};
use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};

/// A Redis Cluster of three masters, each with a replica.
pub fn on_redis_cluster() -> Storage {
    Box::new(RedisCluster::lent())
}

impl Fixture for Lent {
    fn name(&self) -> &'static str {
        "Redis Cluster"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("redis", "session_redis", self.urls())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_CLUSTER", self.nodes()[0].url())
    }

    fn keys(&self) -> Vec<String> {
        RedisCluster::keys(self)
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        RedisCluster::get(self, key)
    }

    fn spoil(&self, key: &str) {
        self.command(key, &["DEL", key]);
        self.command(key, &["HSET", key, "x", "y"]);
    }

    fn clear(&self) {
        RedisCluster::clear(self);
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let mut keys = RedisCluster::keys(self);
        keys.retain(|key| self.ttl(key).is_none_or(|left| unix_now() + left.as_secs_f64() > now));
        keys
    }

    fn ports(&self) -> Vec<u16> {
        self.nodes().iter().map(|node| node.address().port()).collect()
    }

    fn is_behind(&self, proxy: &Proxy) {
        proxy.ports().iter().zip(self.nodes()).for_each(|((_, port), node)| node.announce(*port));
        self.wait_until_whole();
    }

    fn kill(&mut self) {
        (0..self.nodes().len()).for_each(|node| RedisCluster::kill(self, node));
    }

    fn restart(&mut self) {
        self.restore();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Connection, Reply};

    #[test]
    fn behind_a_proxy_the_nodes_tell_of_its_ports_alone_and_afterwards_of_their_own() {
        let told = |cluster: &RedisCluster| {
            let text = format!("{:?}", cluster.nodes()[0].command(&["CLUSTER", "SLOTS"]));
            cluster.nodes().iter().filter(|node| text.contains(&node.address().port().to_string())).count()
        };
        let cluster = RedisCluster::lent();
        let proxy = (&cluster as &dyn Fixture).proxy();
        assert_eq!(told(&cluster), 0);
        // A refusal names one, too.
        let refusals = proxy.ports().iter().filter_map(|(_, port)| {
            let mut connection = Connection::open(*port).ok()?;
            match connection.command(&["GET", "session:a"]).ok()? {
                Reply::Error(refusal) => refusal.rsplit_once(':').map(|(_, port)| port.to_owned()),
                _ => None,
            }
        });
        let refusals: Vec<String> = refusals.collect();
        let is_of_proxy = |port: &String| proxy.ports().iter().any(|(_, own)| own.to_string() == *port);
        assert!(refusals.len() == 5 && refusals.iter().all(is_of_proxy), "{refusals:?}");
        drop(cluster);
        assert_eq!(told(&RedisCluster::lent()), 6);
    }
}
