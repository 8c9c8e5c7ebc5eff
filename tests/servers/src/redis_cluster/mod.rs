//! A private Redis Cluster: real servers on free ports, gone with the test.

mod join;
mod node;
mod pool;
mod slots;

use std::net::Ipv4Addr;
use std::time::Duration;

pub use self::node::{FREE_PORT, Node};
pub use self::pool::Lent;

use crate::leftovers::Leftovers;
use crate::poll;
use crate::process::PATIENCE;
use crate::resp::Reply;

/// A cluster of the test's own. Its nodes are known by their numbers; the first are the masters at the start.
pub struct RedisCluster {
    // Dropped first: then the folder below is not in use.
    nodes: Vec<Node>,
    replicas: bool,
    _leftovers: Leftovers,
}

/// How a cluster is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The number of masters.
    pub masters: usize,
    /// Whether each has a replica.
    pub replicas: bool,
    /// The time after which a silent node has failed (`cluster-node-timeout`).
    pub node_timeout: Duration,
    /// Further arguments for the command line of each node, in which [`FREE_PORT`] is a port of its own.
    pub arguments: Vec<String>,
    /// The address of each node, from which it also connects to the others; the last is that of all which follow.
    pub addresses: Vec<Ipv4Addr>,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            masters: 3,
            replicas: true,
            node_timeout: Duration::from_secs(2),
            arguments: Vec::new(),
            addresses: vec![Ipv4Addr::LOCALHOST],
        }
    }
}

impl RedisCluster {
    /// Starts three masters, each with a replica, and waits until the cluster is whole.
    pub fn start() -> RedisCluster {
        RedisCluster::start_as(&Plan::default())
    }

    /// Starts another one.
    pub fn start_as(plan: &Plan) -> RedisCluster {
        let leftovers = Leftovers::new();
        let timeout = plan.node_timeout.as_millis().to_string();
        // Where one shard is away the others go on.
        let mut arguments = ["--cluster-node-timeout", &timeout, "--cluster-require-full-coverage", "no"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(plan.arguments.iter().cloned());
        let count = plan.masters * if plan.replicas { 2 } else { 1 };
        let address = |number: usize| plan.addresses[number.min(plan.addresses.len() - 1)];
        let start = |number: usize| Node::start(address(number), leftovers.folder(), &arguments);
        let mut nodes: Vec<Node> = (0..count).map(start).collect();
        nodes.iter_mut().for_each(Node::wait_until_ready);
        join::join(&nodes, plan.masters);
        let cluster = RedisCluster { nodes, replicas: plan.replicas, _leftovers: leftovers };
        cluster.wait_until_whole();
        cluster
    }

    /// All nodes, running or not.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The addresses of all nodes, as `session_redis` takes them.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Node::url).collect()
    }

    /// The nodes that answer and take writes.
    pub fn masters(&self) -> Vec<usize> {
        let numbers = 0..self.nodes.len();
        numbers.filter(|number| self.nodes[*number].answers() && self.nodes[*number].is_master()).collect()
    }

    /// The replica of a master.
    pub fn replica_of(&self, master: usize) -> usize {
        let view = self.nodes[master].command(&["CLUSTER", "NODES"]).text();
        let id = self.nodes[master].id();
        // An id, an address, flags, and the id of the master.
        let found = view.lines().find(|line| line.split(' ').nth(3) == Some(id));
        let replica = |line: &str| self.nodes.iter().position(|node| line.starts_with(node.id()));
        found.and_then(replica).unwrap_or_else(|| panic!("{} has no replica", self.nodes[master].address()))
    }

    /// Ends a node in the middle of whatever it does.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Lets a node stand still with all connections open.
    pub fn pause(&mut self, node: usize) {
        self.nodes[node].pause();
    }

    /// Ends [`pause`](RedisCluster::pause).
    pub fn resume(&mut self, node: usize) {
        self.nodes[node].resume();
    }

    /// Starts a node anew on its port, with its records, after [`kill`](RedisCluster::kill).
    pub fn restart(&mut self, node: usize) {
        self.nodes[node].restore();
    }

    /// Makes every node run and answer.
    pub fn restore(&mut self) {
        self.nodes.iter_mut().for_each(Node::restore);
    }

    /// Makes a master of each replica, in good order (`CLUSTER FAILOVER`), one after another.
    pub fn failover_all(&self) {
        for master in self.masters() {
            let replica = &self.nodes[self.replica_of(master)];
            replica.command(&["CLUSTER", "FAILOVER"]);
            assert!(poll::until(PATIENCE, || replica.is_master()), "a replica did not become the master");
        }
    }

    /// Ends all connections of clients, on all nodes.
    pub fn cut(&self) {
        for node in self.nodes.iter().filter(|node| node.answers()) {
            node.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
    }

    /// Waits until every node says that all is well, all agree on who has which slots, and every master has a replica whose
    /// copy is complete: one that died before would have no successor.
    pub fn wait_until_whole(&self) {
        let mut views = String::new();
        let whole = poll::until(PATIENCE, || {
            views.clear();
            self.is_whole(&mut views)
        });
        assert!(whole, "the cluster did not become whole within {PATIENCE:?}:\n{views}");
    }

    fn is_whole(&self, views: &mut String) -> bool {
        let masters: Vec<&str> = self.masters().iter().map(|master| self.nodes[*master].id()).collect();
        if masters.len() * if self.replicas { 2 } else { 1 } != self.nodes.len() {
            return false;
        }
        let ports: Vec<String> = self.nodes.iter().map(|node| format!(":{}@", node.announced())).collect();
        let says_so = |node: &Node| {
            let view = node.command(&["CLUSTER", "NODES"]).text();
            views.push_str(&view);
            // An id, an address, flags, and the id of the master.
            let column =
                |number| view.lines().map(move |line| line.split(' ').nth(number).unwrap_or_default());
            let trouble = ["fail", "handshake", "noaddr"];
            let troubled = column(2).any(|flags| trouble.iter().any(|word| flags.contains(word)));
            let knows_all = ports.iter().all(|port| view.contains(port));
            let are_followed =
                !self.replicas || masters.iter().all(|id| column(3).any(|followed| followed == *id));
            let ok = node.command(&["CLUSTER", "INFO"]).text().contains("cluster_state:ok");
            ok && !troubled && knows_all && are_followed && node.is_up_to_date()
        };
        if !self.nodes.iter().all(says_so) {
            return false;
        }
        let owners = slots::owners(&self.nodes[0]);
        slots::are_all(&owners) && self.nodes.iter().all(|node| slots::owners(node) == owners)
    }

    /// The keys of all records, in order.
    pub fn keys(&self) -> Vec<String> {
        let masters = self.masters().into_iter();
        let mut keys: Vec<String> = masters.flat_map(|master| self.nodes[master].keys()).collect();
        keys.sort();
        keys
    }

    /// Runs a command at the master that has `key`.
    pub fn command<W: AsRef<[u8]>>(&self, key: &str, words: &[W]) -> Reply {
        self.nodes[self.master_of(self.slot_of(key))].command(words)
    }

    /// The bytes under `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.command(key, &["GET", key]) {
            Reply::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The remaining life of `key`; `None` if there is no such key or it lives for ever.
    pub fn ttl(&self, key: &str) -> Option<Duration> {
        match self.command(key, &["PTTL", key]) {
            Reply::Integer(milliseconds) => u64::try_from(milliseconds).ok().map(Duration::from_millis),
            _ => None,
        }
    }

    /// Forgets all records.
    pub fn clear(&self) {
        for master in self.masters() {
            self.nodes[master].command(&["FLUSHALL"]);
        }
    }

    fn any(&self) -> &Node {
        self.nodes.iter().find(|node| node.answers()).expect("a node that answers")
    }
}

#[cfg(test)]
mod tests;
