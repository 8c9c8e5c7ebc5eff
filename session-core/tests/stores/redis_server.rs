//! A private redis-server, and what tests of the store ask of it.

use std::ops::{Deref, DerefMut};

use redis::{Client, Cmd, FromRedisValue};
use rocket_session_state_core::store::RedisStore;
use test_servers::engine::Engine;
use test_servers::redis::{Redis, Watch as Commands};

/// The channel on which the removal of the record under `k` is told: the SHA-256 of that.
pub(crate) const CHANNEL_OF_K: &str =
    "session-ended:8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a";

/// A server that begins empty at each start.
pub(crate) struct Server(Redis);

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments for its command line.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        Self::start_engine(Engine::Redis7_0, arguments)
    }

    /// Starts a server of another version or maker.
    pub(crate) fn start_engine(engine: Engine, arguments: &[&str]) -> Self {
        Server(Redis::start_engine(engine, &[&["--appendonly", "no"], arguments].concat()))
    }

    /// A replica of this server, which has all its records.
    pub(crate) fn replica(&self) -> Redis {
        self.0.replica()
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

    /// Watches the commands that the server receives, from now on.
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.0.watch())
    }
}

impl Deref for Server {
    type Target = Redis;

    fn deref(&self) -> &Redis {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Redis {
        &mut self.0
    }
}

/// The commands that a server receives.
pub(crate) struct Watch(Commands);

/// A command as `MONITOR` shows it: `"GET" "key"`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It came from a client: a round trip.
    Client(String),
    /// A script called it.
    Script(String),
}

impl Watch {
    /// Returns the commands since the watch began.
    pub(crate) fn end(self) -> Vec<Seen> {
        let mut commands = self.0.end();
        // Connections are set up with these; they are not a part of a call.
        commands.retain(|command| !["CLIENT", "HELLO"].contains(&command.words[0].as_str()));
        let seen = |command: test_servers::redis::Seen| {
            let text = format!("\"{}\"", command.words.join("\" \""));
            if command.by_script { Seen::Script(text) } else { Seen::Client(text) }
        };
        commands.into_iter().map(seen).collect()
    }
}
