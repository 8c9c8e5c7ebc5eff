//! A private memcached: real, on a free port, gone with the test.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::poll;
use crate::port::free_port;
use crate::process::Process;

/// Longer than any command here takes; a stopped server fails the test instead of hanging it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A memcached of the test's own.
pub struct Memcached {
    port: u16,
    arguments: Vec<String>,
    process: Process,
}

impl Memcached {
    /// Starts a server and waits until it answers.
    pub fn start() -> Memcached {
        Memcached::start_with(&[])
    }

    /// Starts a server with further arguments for its command line.
    pub fn start_with(arguments: &[&str]) -> Memcached {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let port = free_port();
        let process = launch(port, &arguments);
        Memcached { port, arguments, process }
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the server anew on its port, empty.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(self.port, &self.arguments);
    }

    /// Lets the server stand still with all connections open.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Ends [`pause`](Self::pause).
    pub fn resume(&self) {
        self.process.resume();
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as `session_memcached` takes it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs one command on a connection of its own. Returns the answer up to its last line.
    pub fn ask(&self, command: &str) -> String {
        let mut lines = ask(self.port, command).expect("a connection to memcached");
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

    /// The remaining life in seconds of the item under `key`, if there is one that ends.
    pub fn seconds_left(&self, key: &str) -> Option<u64> {
        self.ask(&format!("mg {key} t")).strip_prefix("HD t")?.parse().ok()
    }

    /// All keys, in order. They have no characters that the server would escape but the colon.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        // A dump leaves out what is being worked at.
        let complete = poll::until(TIMEOUT, || {
            let dump = lines(self.port, "lru_crawler metadump all").expect("the items");
            let key = |line: &String| Some(line.split(' ').next()?.strip_prefix("key=")?.replace("%3A", ":"));
            keys = dump.iter().filter_map(key).collect();
            let count = format!("STAT curr_items {}", keys.len());
            lines(self.port, "stats").expect("the number of items").contains(&count)
        });
        assert!(complete, "memcached does not tell all of its keys: {keys:?}");
        keys.sort();
        keys
    }

    /// The bytes under `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let mut answer = ask(self.port, &format!("get {key}")).expect("a connection to memcached");
        let mut header = String::new();
        answer.read_line(&mut header).expect("an answer");
        let length = header.strip_prefix("VALUE ")?.split_whitespace().nth(2)?.parse().ok()?;
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes).expect("a whole item");
        Some(bytes)
    }

    /// Forgets all records.
    pub fn clear(&self) {
        for key in self.keys() {
            lines(self.port, &format!("delete {key}")).expect("a connection to memcached");
        }
    }
}

fn launch(port: u16, arguments: &[String]) -> Process {
    let mut command = Command::new("memcached");
    // It does not run as root; another user's name is ignored if it is not.
    command.args(["-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", &port.to_string()]).args(arguments);
    let mut process = Process::start(command, "apt-get install -y memcached");
    process.wait_until("ready", |process| {
        let expected = format!("STAT pid {}", process.pid());
        lines(port, "stats").is_ok_and(|lines| lines.contains(&expected))
    });
    process
}

/// Sends a command on a connection of its own.
fn ask(port: u16, command: &str) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    Ok(BufReader::new(stream))
}

/// The lines of an answer, without the one that ends it.
fn lines(port: u16, command: &str) -> io::Result<Vec<String>> {
    let ends =
        |line: &String| ["END", "DELETED", "NOT_FOUND"].contains(&line.as_str()) || line.starts_with("BUSY");
    ask(port, command)?.lines().take_while(|line| !line.as_ref().is_ok_and(ends)).collect()
}
