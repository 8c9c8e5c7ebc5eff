//! A private memcached for one test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::process::Command;
use std::time::Duration;

use rocket_session_state_core::store::MemcachedStore;

use crate::private_server::PrivateServer;

/// A running memcached that belongs to one test.
pub(crate) struct Server(PrivateServer);

impl Server {
    pub(crate) fn start() -> Server {
        Server::start_with(&[])
    }

    /// Starts a server with further arguments for its command line.
    pub(crate) fn start_with(arguments: &'static [&'static str]) -> Server {
        let command = move |port: u16| {
            let mut command = Command::new("memcached");
            // It does not run as root; another user's name is ignored if it is not.
            command.args(["-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", &port.to_string()]);
            command.args(arguments);
            command
        };
        let server = Server(PrivateServer::start(command, "apt-get install memcached"));
        let stats = server.ask("stats");
        let expected = format!("STAT pid {}", server.pid());
        assert!(stats.lines().any(|line| line == expected), "another server answers on {}", server.port());
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    pub(crate) fn store(&self) -> MemcachedStore {
        MemcachedStore::from_servers([self.address()]).expect("an address")
    }

    /// The remaining life of the item under `key`, if there is one that ends.
    pub(crate) fn seconds_left(&self, key: &str) -> Option<u64> {
        self.ask(&format!("mg {key} t")).strip_prefix("HD t")?.parse().ok()
    }

    /// Does a command on a connection of its own; what is answered, up to its last line.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        stream.write_all(format!("{command}\r\n").as_bytes()).expect("a command");
        let mut lines = BufReader::new(stream);
        let mut answer = String::new();
        loop {
            let mut line = Vec::new();
            lines.read_until(b'\n', &mut line).expect("a line");
            let text = String::from_utf8_lossy(&line);
            answer += text.trim_end();
            match text.split_whitespace().next() {
                Some("STAT") => answer.push('\n'),
                Some("VALUE") => {
                    let length: usize = text.split_whitespace().nth(3).unwrap().parse().unwrap();
                    let mut value = vec![0; length + 2];
                    lines.read_exact(&mut value).expect("a value");
                    answer += &format!("\n{}\n", String::from_utf8_lossy(&value[..length]));
                }
                _ => return answer,
            }
        }
    }
}

impl Deref for Server {
    type Target = PrivateServer;

    fn deref(&self) -> &PrivateServer {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut PrivateServer {
        &mut self.0
    }
}
