//! A private Redis that sentinels watch: real servers on free ports, gone with the test.

mod fake;
mod node;

use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

pub use self::fake::{FakeSentinel, Says};
pub use self::node::{Node, Role};

use crate::leftovers::Leftovers;
use crate::lent::Lendable;
use crate::poll;
use crate::process::PATIENCE;
use crate::resp::Reply;

/// A master, its replicas, and the sentinels that watch them. Servers are known by their numbers; 0 is the master at the start.
pub struct RedisSentinel {
    // Dropped first: then the folder below is not in use.
    servers: Vec<Node>,
    sentinels: Vec<Node>,
    plan: Plan,
    _leftovers: Leftovers,
}

/// The name under which the sentinels watch the master.
pub const MASTER: &str = "sessions";

/// How servers and sentinels are made: by default a master, two replicas and three sentinels.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The number of replicas.
    pub replicas: usize,
    /// The number of sentinels.
    pub sentinels: usize,
    /// The password of the servers.
    pub password: Option<String>,
    /// The password of the sentinels.
    pub sentinel_password: Option<String>,
    /// Further lines for the configuration of servers.
    pub server_lines: String,
    /// Further lines for the configuration of sentinels.
    pub sentinel_lines: String,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            replicas: 2,
            sentinels: 3,
            password: None,
            sentinel_password: None,
            server_lines: String::new(),
            sentinel_lines: String::new(),
        }
    }
}

impl Plan {
    /// The same with the passwords `of-servers` and `of-sentinels`.
    pub fn with_passwords() -> Plan {
        let [password, sentinel_password] = ["of-servers", "of-sentinels"].map(|word| Some(word.to_owned()));
        Plan { password, sentinel_password, ..Plan::default() }
    }
}

/// A master that is silent for so long has failed.
pub const DOWN_AFTER: Duration = Duration::from_secs(1);
/// The time for each step of a failover. A master that has failed again within twice of it gets no other failover before.
pub const FAILOVER_TIMEOUT: Duration = Duration::from_secs(5);

impl RedisSentinel {
    /// Starts servers and sentinels, and waits until all know each other.
    pub fn start_as(plan: Plan) -> RedisSentinel {
        let leftovers = Leftovers::new();
        let mut servers: Vec<Node> = Vec::new();
        for _ in 0..=plan.replicas {
            let master = servers.first().map(Node::port);
            servers.push(Node::start(&[], &server(&plan, master), leftovers.folder(), plan.password.clone()));
        }
        servers.iter_mut().for_each(Node::wait_until_ready);
        // A sentinel asks a new master for its replicas at once, and then every ten seconds.
        let is_attached =
            |replica: &Node| matches!(replica.try_role(), Ok(Role::Replica { is_up_to_date: true, .. }));
        let attached = poll::until(PATIENCE, || servers.iter().skip(1).all(is_attached));
        assert!(attached, "the replicas did not get a copy within {PATIENCE:?}");
        let configuration = sentinel(&plan, servers[0].port());
        let start = |folder: &Path| {
            Node::start(&["--sentinel"], &configuration, folder, plan.sentinel_password.clone())
        };
        let mut sentinels: Vec<Node> = (0..plan.sentinels).map(|_| start(leftovers.folder())).collect();
        sentinels.iter_mut().for_each(Node::wait_until_ready);
        let started = RedisSentinel { servers, sentinels, plan, _leftovers: leftovers };
        started.wait_until_whole();
        started
    }

    /// The servers, running or not.
    pub fn servers(&self) -> &[Node] {
        &self.servers
    }

    /// The sentinels, running or not.
    pub fn sentinels(&self) -> &[Node] {
        &self.sentinels
    }

    /// The address as `session_redis` takes it.
    pub fn url(&self) -> String {
        self.url_by(&self.sentinels.iter().map(Node::port).collect::<Vec<_>>())
    }

    /// The same by way of other sentinels, which are at these ports.
    pub fn url_by(&self, sentinels: &[u16]) -> String {
        let login = self.login();
        let sentinels: Vec<_> = sentinels.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let password = self.plan.sentinel_password.iter();
        let password: String = password.map(|password| format!("?sentinel_password={password}")).collect();
        format!("redis+sentinel://{login}{}/{MASTER}/0{password}", sentinels.join(","))
    }

    /// The address of the present master, for who does not ask sentinels.
    pub fn master_url(&self) -> String {
        format!("redis://{}127.0.0.1:{}", self.login(), self.servers[self.master()].port())
    }

    fn login(&self) -> String {
        self.plan.password.iter().map(|password| format!(":{password}@")).collect()
    }

    /// The number of the server that most sentinels name.
    pub fn master(&self) -> usize {
        let mut votes = vec![0; self.servers.len()];
        for port in self.sentinels.iter().filter(|node| node.answers()).filter_map(named) {
            if let Some(server) = self.servers.iter().position(|node| node.port() == port) {
                votes[server] += 1;
            }
        }
        (0..votes.len()).max_by_key(|server| votes[*server]).expect("a server")
    }

    /// Runs a command at the master. A refusal fails the test.
    pub fn command<W: AsRef<[u8]>>(&self, words: &[W]) -> Reply {
        self.servers[self.master()].command(words)
    }

    /// Ends a server in the middle of whatever it does.
    pub fn kill(&mut self, server: usize) {
        self.servers[server].kill();
    }

    /// Lets a server stand still with all connections open.
    pub fn pause(&mut self, server: usize) {
        self.servers[server].pause();
    }

    /// Ends [`pause`](RedisSentinel::pause).
    pub fn resume(&mut self, server: usize) {
        self.servers[server].resume();
    }

    /// Starts a server anew on its port, after [`kill`](RedisSentinel::kill). It takes itself for what it was before.
    pub fn restart(&mut self, server: usize) {
        self.servers[server].restore();
    }

    /// Ends a sentinel.
    pub fn kill_sentinel(&mut self, sentinel: usize) {
        self.sentinels[sentinel].kill();
    }

    /// Lets a sentinel stand still with all connections open.
    pub fn pause_sentinel(&mut self, sentinel: usize) {
        self.sentinels[sentinel].pause();
    }

    /// Starts the failover that an operator plans, at one of the sentinels. It takes about 12 seconds.
    pub fn fail_over(&self) {
        let sentinel = self.sentinels.iter().find(|node| node.answers()).expect("a sentinel that answers");
        sentinel.command(&["SENTINEL", "FAILOVER", MASTER]);
    }

    /// Makes the sentinels forget when the last failover was, so that the next one need not wait.
    pub fn forget_failovers(&self) {
        for sentinel in &self.sentinels {
            sentinel.command(&["SENTINEL", "RESET", MASTER]);
        }
    }

    /// Makes every server and every sentinel run and answer.
    pub fn restore(&mut self) {
        self.servers.iter_mut().chain(&mut self.sentinels).for_each(Node::restore);
    }

    /// Waits until all sentinels name one master, no failover is under way, and every other server is its replica and has
    /// a complete copy.
    pub fn wait_until_whole(&self) {
        let mut views = String::new();
        let whole = poll::until(PATIENCE, || {
            views.clear();
            self.is_whole(&mut views)
        });
        assert!(whole, "servers and sentinels did not agree within {PATIENCE:?}:\n{views}");
    }

    fn is_whole(&self, views: &mut String) -> bool {
        let master = self.servers[self.master()].port();
        let agrees = |sentinel: &Node| {
            let state = fields(sentinel.command(&["SENTINEL", "MASTER", MASTER]));
            let _ = writeln!(views, "{state:?}");
            let is = |name: &str, value: &str| state.iter().any(|(key, is)| key == name && is == value);
            is("port", &master.to_string())
                && is("flags", "master")
                && is("num-slaves", &self.plan.replicas.to_string())
                && is("num-other-sentinels", &(self.plan.sentinels - 1).to_string())
                && self.replicas_at(sentinel).iter().all(|flags| flags == "slave")
        };
        self.sentinels.iter().all(agrees)
            && self.servers.iter().all(|server| match server.try_role() {
                Ok(Role::Master) => server.port() == master,
                Ok(Role::Replica { of, is_up_to_date }) => of == master && is_up_to_date,
                Err(_) => false,
            })
    }

    /// What a sentinel says of each replica.
    fn replicas_at(&self, sentinel: &Node) -> Vec<String> {
        let Reply::List(replicas) = sentinel.command(&["SENTINEL", "REPLICAS", MASTER]) else {
            return Vec::new();
        };
        let flags =
            |replica| fields(replica).into_iter().find(|(key, _)| key == "flags").map(|(_, flags)| flags);
        replicas.into_iter().filter_map(flags).collect()
    }
}

impl Lendable for RedisSentinel {
    fn idle() -> &'static Mutex<Vec<RedisSentinel>> {
        static IDLE: Mutex<Vec<RedisSentinel>> = Mutex::new(Vec::new());
        &IDLE
    }

    /// As few as can be, with passwords: where nothing fails, more of them make no difference.
    fn start() -> RedisSentinel {
        RedisSentinel::start_as(Plan { replicas: 1, sentinels: 1, ..Plan::with_passwords() })
    }

    fn make_ready(&mut self) {
        self.restore();
        self.wait_until_whole();
        self.command(&["FLUSHALL"]);
    }
}

/// The port of the master by the word of a sentinel.
fn named(sentinel: &Node) -> Option<u16> {
    match sentinel.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]) {
        Reply::List(address) => address[1].text().parse().ok(),
        _ => None,
    }
}

/// Names and values that come by turns.
fn fields(reply: Reply) -> Vec<(String, String)> {
    let Reply::List(words) = reply else { return Vec::new() };
    words.chunks_exact(2).map(|pair| (pair[0].text(), pair[1].text())).collect()
}

fn server(plan: &Plan, master: Option<u16>) -> String {
    // What was acknowledged survives a kill, as with the single server. A replica gets its copy at once.
    let mut lines = "save \"\"\nappendonly yes\nappendfsync no\nauto-aof-rewrite-percentage 0\n\
        repl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n"
        .to_owned();
    if let Some(password) = &plan.password {
        let _ = writeln!(lines, "requirepass {password}\nmasterauth {password}");
    }
    if let Some(port) = master {
        let _ = writeln!(lines, "replicaof 127.0.0.1 {port}");
    }
    lines + &plan.server_lines
}

fn sentinel(plan: &Plan, master: u16) -> String {
    let (down_after, timeout) = (DOWN_AFTER.as_millis(), FAILOVER_TIMEOUT.as_millis());
    let quorum = plan.sentinels / 2 + 1;
    let mut lines = format!(
        "sentinel monitor {MASTER} 127.0.0.1 {master} {quorum}\n\
         sentinel down-after-milliseconds {MASTER} {down_after}\n\
         sentinel failover-timeout {MASTER} {timeout}\n"
    );
    if let Some(password) = &plan.password {
        let _ = writeln!(lines, "sentinel auth-pass {MASTER} {password}");
    }
    if let Some(password) = &plan.sentinel_password {
        let _ = writeln!(lines, "requirepass {password}\nsentinel sentinel-pass {password}");
    }
    lines + &plan.sentinel_lines
}

#[cfg(test)]
mod tests;
