//! One server of a cluster.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::port::free_port;
use crate::process::Process;
use crate::resp::{Connection, Reply};

/// In a [plan](super::Plan)'s arguments: another free port for each node.
pub const FREE_PORT: &str = "{free port}";

/// A server of a cluster, running or not.
pub struct Node {
    id: String,
    address: SocketAddrV4,
    bus: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    process: Process,
    running: bool,
    paused: bool,
}

impl Node {
    /// Starts a server on a free port of `ip`, which keeps its files below `folder`. It need not answer yet.
    pub(super) fn start(ip: Ipv4Addr, folder: &Path, arguments: &[String]) -> Node {
        let (address, bus) = (SocketAddrV4::new(ip, free_port()), free_port());
        let folder = folder.join(address.port().to_string());
        fs::create_dir(&folder).expect("a folder in the cluster's own");
        let own = |argument: &String| argument.replace(FREE_PORT, &free_port().to_string());
        let arguments: Vec<String> = arguments.iter().map(own).collect();
        let process = launch(address, bus, &folder, &arguments);
        Node { id: String::new(), address, bus, folder, arguments, process, running: true, paused: false }
    }

    /// Waits until it answers.
    pub(super) fn wait_until_ready(&mut self) {
        self.process.wait_until("ready", |process| process.output().contains("Ready to accept connections"));
        self.id = self.command(&["CLUSTER", "MYID"]).text();
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// The port on which the nodes talk to each other.
    pub fn bus(&self) -> u16 {
        self.bus
    }

    /// The address as `session_redis` takes it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Runs one command, on a connection of its own. A refusal fails the test.
    pub fn command<W: AsRef<[u8]>>(&self, words: &[W]) -> Reply {
        match self.try_command(words) {
            Ok(Reply::Error(refusal)) => panic!("{} refused a command of the test: {refusal}", self.address),
            Ok(reply) => reply,
            Err(error) => {
                panic!("{} did not answer the test: {error}\n{}", self.address, self.process.output())
            }
        }
    }

    /// The same for a server that may be away, or may refuse.
    pub fn try_command<W: AsRef<[u8]>>(&self, words: &[W]) -> io::Result<Reply> {
        Connection::to(self.address)?.command(words)
    }

    /// Whether it is neither killed nor stopped.
    pub fn answers(&self) -> bool {
        self.running && !self.paused
    }

    /// Its id in the cluster.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tells clients and the other nodes that it is at another port, which leads to its own.
    pub fn announce(&self, port: u16) {
        self.command(&["CONFIG", "SET", "cluster-announce-port", &port.to_string()]);
    }

    /// The port that the others and clients have to know.
    pub(super) fn announced(&self) -> String {
        let reply = self.command(&["CONFIG", "GET", "cluster-announce-port"]);
        let Reply::List(pair) = reply else { panic!("not a setting: {reply:?}") };
        match pair[1].text() {
            none if none == "0" => self.address.port().to_string(),
            port => port,
        }
    }

    /// Whether it takes writes, by its own word.
    pub fn is_master(&self) -> bool {
        matches!(self.command(&["ROLE"]), Reply::List(parts) if parts[0].text() == "master")
    }

    /// Whether its copy of its master is complete and kept up; true of a master.
    pub(super) fn is_up_to_date(&self) -> bool {
        match self.command(&["ROLE"]) {
            Reply::List(parts) if parts[0].text() == "slave" => parts[3].text() == "connected",
            _ => true,
        }
    }

    /// The keys that it has, in no order.
    pub(super) fn keys(&self) -> Vec<String> {
        let Reply::List(keys) = self.command(&["KEYS", "*"]) else { panic!("KEYS gave no list") };
        keys.iter().map(Reply::text).collect()
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
        self.running = false;
        self.paused = false;
    }

    pub(super) fn pause(&mut self) {
        self.process.pause();
        self.paused = true;
    }

    pub(super) fn resume(&mut self) {
        self.process.resume();
        self.paused = false;
    }

    /// Makes it run if it was killed, go on if it stands still, and tell its own port.
    pub(super) fn restore(&mut self) {
        if !self.running {
            self.process = launch(self.address, self.bus, &self.folder, &self.arguments);
            self.running = true;
            self.wait_until_ready();
        }
        if self.paused {
            self.resume();
        }
        self.announce(0);
    }
}

fn launch(address: SocketAddrV4, bus: u16, folder: &Path, arguments: &[String]) -> Process {
    let mut command = Command::new("redis-server");
    command.arg("--dir").arg(folder).args(["--cluster-enabled", "yes"]);
    command.args(["--bind", &address.ip().to_string(), "--bind-source-addr", &address.ip().to_string()]);
    command.args(["--port", &address.port().to_string(), "--cluster-port", &bus.to_string()]);
    // What was acknowledged survives a kill, as with the single server.
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "no"]);
    command.args(["--auto-aof-rewrite-percentage", "0"]);
    // A replica gets its copy at once, and no node changes its master by itself.
    command.args(["--repl-diskless-sync-delay", "0", "--cluster-allow-replica-migration", "no"]);
    // For it, only 127.0.0.1 is this machine, and it has no other addresses than this machine's.
    command.args(["--protected-mode", "no"]).args(arguments);
    Process::start(command, "apt-get install -y redis-server")
}
