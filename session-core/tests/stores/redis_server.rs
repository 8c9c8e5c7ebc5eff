//! A private redis-server for one test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, cmd};
use rocket_session_state_core::store::RedisStore;
use tempfile::TempDir;

/// A running redis-server that belongs to one test, with its own port and folder; it ends with the test.
pub(crate) struct Server {
    child: Child,
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments for its command line.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let folder = TempDir::new().expect("a temporary folder");
        // Somebody else may take a free port before the server does.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = launch(port, &folder, &arguments) {
                let server = Server { child, port, arguments, folder };
                server.check_identity();
                return server;
            }
        }
        panic!("redis-server did not start on any of ten ports");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::from_url(&self.url()).expect("a URL")
    }

    /// Does a command on a connection of its own.
    pub(crate) fn run<T: FromRedisValue>(&self, command: &Cmd) -> T {
        let client = Client::open(self.url()).expect("a URL");
        let mut connection = client.get_connection().expect("a connection");
        command.query(&mut connection).expect("a command of the test")
    }

    pub(crate) fn kill(&mut self) -> ExitStatus {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait")
    }

    /// Starts a killed server again, on the same port and empty.
    pub(crate) fn start_again(&mut self) {
        self.child = launch(self.port, &self.folder, &self.arguments).expect("the same port again");
        self.check_identity();
    }

    /// Stops the process without ending it: connections stay open, nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill, from Debian's procps").success());
    }

    /// Makes sure that the process that was started is the one that answers.
    fn check_identity(&self) {
        let info: String = self.run(cmd("INFO").arg("server"));
        let expected = format!("process_id:{}", self.child.id());
        assert!(info.lines().any(|line| line == expected), "another server answers on port {}", self.port);
    }

    /// Watches what the server is told to do, from now on.
    pub(crate) fn watch(&self) -> Watch {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        stream.write_all(b"MONITOR\r\n").expect("MONITOR");
        let mut lines = BufReader::new(stream);
        let mut ok = String::new();
        lines.read_line(&mut ok).expect("an answer");
        assert_eq!(ok, "+OK\r\n");
        Watch { url: self.url(), lines }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Also a frozen process dies of this. It may have been killed by its test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The commands that a server receives.
pub(crate) struct Watch {
    url: String,
    lines: BufReader<TcpStream>,
}

/// A command as `MONITOR` shows it: `"GET" "key"`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It came from a client: a round trip.
    Client(String),
    /// A script called it.
    Script(String),
}

impl Watch {
    /// What was done since the watch began.
    pub(crate) fn end(mut self) -> Vec<Seen> {
        let client = Client::open(self.url.as_str()).expect("a URL");
        let mut connection = client.get_connection().expect("a connection");
        let _: String = cmd("ECHO").arg("end of the watch").query(&mut connection).expect("ECHO");
        let mut seen = Vec::new();
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).expect("a line of MONITOR");
            let (origin, command) = line.split_once("] ").expect("origin and command");
            let command = command.trim_end().to_owned();
            if command.contains("end of the watch") {
                return seen;
            }
            // Only connections are set up with CLIENT; it is no part of a call.
            if command.starts_with("\"CLIENT\"") {
                continue;
            }
            let script = origin.ends_with("lua");
            seen.push(if script { Seen::Script(command) } else { Seen::Client(command) });
        }
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Starts a server and waits until it says that it is ready; `None` if it ends before.
fn launch(port: u16, folder: &TempDir, arguments: &[String]) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(arguments)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("redis-server can't be started ({error}); install it with: apt-get install redis-server")
        });
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line.contains("Ready to accept connections") {
            // Its log goes on; somebody has to read it.
            std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
            return Some(child);
        }
        line.clear();
    }
    child.wait().expect("wait");
    None
}
