//! A private Redis server: real, on a free port, gone with the test.

use std::io;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::engine::Engine;
use crate::poll;
use crate::port::free_port;
use crate::process::{PATIENCE, Process, Signal};
use crate::resp::{Connection, Reply};

/// A Redis server of the test's own. What was acknowledged survives [`kill`](Redis::kill) and
/// [`restart`](Redis::restart): the server writes each command to its log before it answers.
pub struct Redis {
    engine: Engine,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    process: Process,
}

/// A command that the server has seen, as MONITOR tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether a script ran it, rather than a client.
    pub by_script: bool,
    /// Name and arguments, as MONITOR quotes them.
    pub words: Vec<String>,
}

impl Redis {
    /// Starts a server and waits until it answers.
    pub fn start() -> Redis {
        Redis::start_with(&[])
    }

    /// Starts a server with further arguments for its command line.
    pub fn start_with(arguments: &[&str]) -> Redis {
        Redis::start_engine(Engine::Redis7_0, arguments)
    }

    /// Starts a server of another version or maker, with further arguments for its command line.
    pub fn start_engine(engine: Engine, arguments: &[&str]) -> Redis {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder"));
        let process = launch(engine, port, &folder, &arguments);
        Redis { engine, port, folder, arguments, process }
    }

    /// Starts a replica of this server, and waits until it has all records.
    pub fn replica(&self) -> Redis {
        let of = ["--replicaof", "127.0.0.1", &self.port.to_string()];
        self.command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        let replica = Redis::start_engine(self.engine, &of);
        replica.until_it_follows();
        self.until_all_confirm();
        replica
    }

    /// Waits until all replicas confirm what is written. A replica can follow already while its master has not heard that it
    /// has all records; until then no write counts as confirmed.
    fn until_all_confirm(&self) {
        let confirm = || {
            let mut connection = Connection::open(self.port)?;
            let about = connection.command(&["INFO", "replication"])?;
            let Reply::Bytes(about) = about else { return Ok(false) };
            let about = String::from_utf8_lossy(&about);
            let count = about.lines().filter(|line| line.contains(",state=")).count();
            // It goes to the replicas too, and leaves nothing behind.
            connection.command(&["PUBLISH", "test", "test"])?;
            let confirmed = connection.command(&["WAIT", &count.to_string(), "1000"])?;
            Ok::<_, io::Error>(count > 0 && confirmed == Reply::Integer(i64::try_from(count).unwrap_or(-1)))
        };
        let all = poll::until(PATIENCE, || confirm().unwrap_or(false));
        assert!(all, "a replica does not confirm:\n{}", self.process.output());
    }

    /// Waits until this replica has all records of its master.
    pub fn until_it_follows(&self) {
        let follows = || match self.command(&["INFO", "replication"]) {
            Reply::Bytes(about) => String::from_utf8_lossy(&about).contains("master_link_status:up"),
            _ => false,
        };
        assert!(poll::until(PATIENCE, follows), "the replica does not follow:\n{}", self.process.output());
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as `session_redis` takes it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs one command, on a connection of its own. The server's refusal fails the test.
    pub fn command<W: AsRef<[u8]>>(&self, words: &[W]) -> Reply {
        let answer = Connection::open(self.port).and_then(|mut connection| connection.command(words));
        match answer {
            Ok(Reply::Error(refusal)) => panic!("Redis refused a command of the test: {refusal}"),
            Ok(reply) => reply,
            Err(error) => panic!("Redis did not answer the test: {error}\n{}", self.process.output()),
        }
    }

    /// The bytes under `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.command(&["GET", key]) {
            Reply::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Stores `bytes` under `key` for `lifetime`.
    pub fn set(&self, key: &str, bytes: &[u8], lifetime: Duration) {
        let milliseconds = lifetime.as_millis().to_string();
        self.command(&[b"SET", key.as_bytes(), bytes, b"PX", milliseconds.as_bytes()]);
    }

    /// The remaining life of `key`; `None` if there is no such key or it lives for ever.
    pub fn ttl(&self, key: &str) -> Option<Duration> {
        match self.command(&["PTTL", key]) {
            Reply::Integer(milliseconds) => u64::try_from(milliseconds).ok().map(Duration::from_millis),
            _ => None,
        }
    }

    /// All keys, in order.
    pub fn keys(&self) -> Vec<String> {
        let Reply::List(keys) = self.command(&["KEYS", "*"]) else { panic!("KEYS gave no list") };
        let text = |key| match key {
            Reply::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            other => panic!("not a key: {other:?}"),
        };
        let mut keys: Vec<String> = keys.into_iter().map(text).collect();
        keys.sort();
        keys
    }

    /// Forgets all records.
    pub fn clear(&self) {
        self.command(&["FLUSHALL"]);
    }

    /// Watches the commands that the server receives, from now on.
    pub fn watch(&self) -> Watch {
        let mut monitor = Connection::open(self.port).expect("a connection to Redis");
        assert_eq!(monitor.command(&["MONITOR"]).expect("MONITOR"), Reply::Status("OK".to_owned()));
        Watch { port: self.port, monitor }
    }

    /// Returns the commands that the server received while `work` ran, in order.
    pub fn commands_during(&self, work: impl FnOnce()) -> Vec<Seen> {
        let watch = self.watch();
        work();
        watch.end()
    }

    /// Lets the server stand still with all connections open, as an overloaded machine or a cut network does.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Ends [`pause`](Redis::pause).
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Ends the server in good order: clients see their connections closed, then refused.
    pub fn stop(&mut self) {
        self.process.signal(Signal::Terminate);
        self.process.wait();
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts a server of another version or maker in its place, on its port, with its records as far as that can read
    /// them.
    pub fn restart_as(&mut self, engine: Engine) {
        self.engine = engine;
        self.restart();
    }

    /// Starts the server anew on its port, with its records, after [`stop`](Redis::stop) or [`kill`](Redis::kill).
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(self.engine, self.port, &self.folder, &self.arguments);
    }
}

/// A running MONITOR.
pub struct Watch {
    port: u16,
    monitor: Connection,
}

impl Watch {
    /// Returns the commands since the watch began.
    pub fn end(mut self) -> Vec<Seen> {
        const END: &str = "the-work-is-done";
        let asked = Connection::open(self.port).and_then(|mut connection| connection.command(&["ECHO", END]));
        asked.expect("an answer of Redis");
        let mut seen = Vec::new();
        loop {
            let Ok(Reply::Status(line)) = self.monitor.receive() else { panic!("MONITOR ended early") };
            let command = Seen::parse(&line);
            if command.words.get(1).is_some_and(|word| word == END) {
                return seen;
            }
            seen.push(command);
        }
    }
}

impl Seen {
    /// Reads `1704164645.123456 [0 127.0.0.1:40000] "SET" "key" "value"`, or `[0 lua]` for a script's command.
    fn parse(line: &str) -> Seen {
        let (head, command) =
            line.split_once("] ").unwrap_or_else(|| panic!("not a line of MONITOR: {line}"));
        let command = command.strip_prefix('"').and_then(|command| command.strip_suffix('"'));
        let words = command.unwrap_or_else(|| panic!("not a line of MONITOR: {line}"));
        let words = words.split("\" \"").map(str::to_owned).collect();
        Seen { by_script: head.ends_with(" lua"), words }
    }
}

fn launch(engine: Engine, port: u16, folder: &TempDir, arguments: &[String]) -> Process {
    let mut command = Command::new(engine.program());
    command.arg("--dir").arg(folder.path()).args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    // Nothing but the log of commands, and no second process that rewrites it.
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "no"]);
    command.args(["--auto-aof-rewrite-percentage", "0"]).args(arguments);
    let mut process = Process::start(command, engine.installation());
    // It says so after it has taken the port: no other server answers there.
    process.wait_until("ready", |process| process.output().contains("Ready to accept connections"));
    process
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_record_survives_a_kill_on_the_same_port() {
        let mut redis = Redis::start();
        redis.set("session:a", b"\x00bytes\r\n", Duration::from_secs(100));
        redis.kill();
        assert!(!crate::port::answers(redis.port()));
        redis.restart();
        assert_eq!(redis.get("session:a").as_deref(), Some(&b"\x00bytes\r\n"[..]));
        assert!(redis.ttl("session:a").is_some_and(|left| left > Duration::from_secs(90)));
    }

    #[test]
    fn a_paused_server_answers_only_after_it_goes_on() {
        let redis = Redis::start();
        redis.pause();
        let waiting = std::thread::spawn({
            let port = redis.port();
            move || Connection::open(port).and_then(|mut connection| connection.command(&["PING"]))
        });
        let early = crate::poll::until(Duration::from_millis(200), || waiting.is_finished());
        redis.resume();
        assert_eq!(waiting.join().unwrap().unwrap(), Reply::Status("PONG".to_owned()));
        assert!(!early, "the server answered while it was stopped");
    }

    #[test]
    fn commands_are_counted_apart_from_what_a_script_does_inside() {
        let redis = Redis::start();
        let seen = redis.commands_during(|| {
            redis.command(&["EVAL", "return redis.call('GET', KEYS[1])", "1", "k"]);
            redis.get("k");
        });
        let counted: Vec<_> = seen.iter().filter(|seen| !seen.by_script).map(|seen| &seen.words[0]).collect();
        assert_eq!(counted, ["EVAL", "GET"]);
        assert_eq!(seen.len(), 3);
    }
}
