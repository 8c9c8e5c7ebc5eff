//! One server, or one sentinel.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::port::free_port;
use crate::process::Process;
use crate::resp::{Connection, Reply};

/// A server or a sentinel, running or not. Both write what they become to their configuration, so that it survives their end.
pub struct Node {
    port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    password: Option<String>,
    process: Process,
    running: bool,
    paused: bool,
}

/// What a server takes itself for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A server that takes writes.
    Master,
    /// The copy of another one.
    Replica {
        /// The port of its master.
        of: u16,
        /// Whether it is complete and kept up.
        is_up_to_date: bool,
    },
}

/// The name of the file in the folder of each.
const CONFIGURATION: &str = "redis.conf";

impl Node {
    /// Starts one on a free port, which keeps its files below `folder`. It need not answer yet.
    pub(super) fn start(arguments: &[&str], lines: &str, folder: &Path, password: Option<String>) -> Node {
        let port = free_port();
        let folder = folder.join(port.to_string());
        fs::create_dir(&folder).expect("a folder in that of the test");
        let lines = format!("port {port}\nbind 127.0.0.1\ndir {}\n{lines}", folder.display());
        fs::write(folder.join(CONFIGURATION), lines).expect("a file in a folder of the test");
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let process = launch(&folder, &arguments);
        Node { port, folder, arguments, password, process, running: true, paused: false }
    }

    /// Waits until it answers.
    pub(super) fn wait_until_ready(&mut self) {
        let (port, password) = (self.port, self.password.clone());
        let answers = || ask(port, password.as_deref(), &["PING"]).is_ok_and(|reply| reply.text() == "PONG");
        self.process.wait_until("ready", |_| answers());
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs one command, on a connection of its own. A refusal fails the test.
    pub fn command<W: AsRef<[u8]>>(&self, words: &[W]) -> Reply {
        match self.try_command(words) {
            Ok(Reply::Error(refusal)) => panic!("{} refused a command of the test: {refusal}", self.port),
            Ok(reply) => reply,
            Err(error) => panic!("{} did not answer the test: {error}\n{}", self.port, self.process.output()),
        }
    }

    /// The same for one that may be away, or may refuse.
    pub fn try_command<W: AsRef<[u8]>>(&self, words: &[W]) -> io::Result<Reply> {
        ask(self.port, self.password.as_deref(), words)
    }

    /// Whether it is neither killed nor stopped.
    pub fn answers(&self) -> bool {
        self.running && !self.paused
    }

    /// What a server takes itself for.
    pub fn role(&self) -> Role {
        self.try_role().expect("a server that answers")
    }

    /// The same for one that sentinels may be giving another role: then they end its connections.
    pub(super) fn try_role(&self) -> io::Result<Role> {
        let Reply::List(role) = self.try_command(&["ROLE"])? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        Ok(match &role[..] {
            [_, _, Reply::Integer(port), state, _] => Role::Replica {
                of: u16::try_from(*port).map_err(io::Error::other)?,
                is_up_to_date: state.text() == "connected",
            },
            _ => Role::Master,
        })
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
        (self.running, self.paused) = (false, false);
    }

    pub(super) fn pause(&mut self) {
        self.process.pause();
        self.paused = true;
    }

    pub(super) fn resume(&mut self) {
        self.process.resume();
        self.paused = false;
    }

    /// Makes it run if it was killed, and go on if it stands still.
    pub(super) fn restore(&mut self) {
        if !self.running {
            self.process = launch(&self.folder, &self.arguments);
            self.running = true;
            self.wait_until_ready();
        }
        if self.paused {
            self.resume();
        }
    }
}

fn launch(folder: &Path, arguments: &[String]) -> Process {
    let mut command = Command::new("redis-server");
    command.arg(folder.join(CONFIGURATION)).args(arguments);
    Process::start(command, "apt-get install -y redis-server")
}

fn ask<W: AsRef<[u8]>>(port: u16, password: Option<&str>, words: &[W]) -> io::Result<Reply> {
    let mut connection = Connection::open(port)?;
    if let Some(password) = password {
        connection.command(&["AUTH", password])?;
    }
    connection.command(words)
}
