//! Sessions in Redis or Valkey, as Flask-Session keeps them.

mod address;
mod channel;
mod cluster;
mod commands;
mod connection;
mod copy;
mod deletion;
mod failed;
mod link;
mod listener;
mod pipeline;
mod pool;
mod readiness;
mod redis_error;
mod routing;
mod sentinel;
mod shared;
mod swap;
mod swap_form;
mod wait;

pub use commands::{RedisCommands, RedisReply};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use redis::aio::ConnectionManager;
use redis::{Client, Cmd, Value};

use self::address::{Address, Objection, ServerAddress};
use self::channel::Refusals;
use self::cluster::Cluster;
use self::connection::Connection;
use self::copy::{LocalCopy, Writing};
use self::deletion::Deletion;
use self::link::Link;
use self::listener::Listener;
use self::pipeline::Reads;
use self::pool::Pool;
use self::readiness::is_ready;
use self::sentinel::Sentinel;
use self::shared::Shared;
use self::swap::{SwapScript, Swapped, swap};
use crate::store::redis::settings::CACHE_TIMES;
use crate::store::redis::{RedisSettings, RedisUrl};
use crate::store::{Call, Loaded, New, Part, Store, StoreError, Swap, Watcher};

/// Sessions in a Redis or Valkey server, version 6.2 or newer, in Flask-Session's layout: one string
/// per session, written with `SET key record EX seconds`.
///
/// * Every call is one message on one connection that all requests share; those of requests that run
///   at the same time travel as one. A load is `PTTL` and `GET`, which write nothing, so that replicas and the
///   append-only file see nothing of it; one that extends the record's life is a `GETEX`. A swap is `SET … IFEQ`
///   on Valkey from 8.1, which each new connection asks for. Elsewhere it is a script that gets
///   the expected record, or of one over 32 KiB its SHA-1. Each touches one key.
/// * Lives are whole seconds, cut off, at least one. They end by the *server's* clock;
///   [`Call::now`] is not used.
/// * A connection is opened when it is first needed and again after it broke. One that was silent for a second is asked
///   for a sign of life (`PING`) before a call is sent on it. A call that meets a broken connection all the same fails at
///   once; it is not repeated, because a write may have happened.
/// * Whoever removes a record publishes that on a channel of its key, in the same message. [`watch`](Store::watch) listens
///   there, on a connection that exists only while somebody watches. If Redis does not allow its user that, the log says
///   so once.
/// * Nothing here has a time limit of its own: the caller's deadline decides. A call that is dropped
///   leaves the connection in order; one that got no answer until its deadline makes the next call
///   try a new connection, unless others were answered meanwhile.
///
/// Redis replicates after it has answered: a failover to a replica can lose the last writes, unless they
/// [wait for replicas](Self::wait_for_replicas).
pub struct RedisStore {
    connection: Arc<Connection>,
    script: SwapScript,
    refusals: Refusals,
    listener: Listener,
    /// How many replicas have a write before it is done.
    replicas: u32,
    copies: Option<Arc<LocalCopy>>,
    /// An end waits until no process reads what it has ended.
    is_strict: bool,
}

impl RedisStore {
    /// A store at a URL; nothing is connected yet, so this works while the server is down.
    ///
    /// `redis://[user][:password@]host[:port][/database]`, `unix://[user:password@]/path[?db=…]` (also written
    /// `redis+unix://`), and with the feature `redis-tls` also `rediss://…`. Characters of user and password that have
    /// a meaning in URLs are percent-encoded.
    ///
    /// `redis+sentinel://[user:password@]host[:port][,host[:port]…]/master-name[/database]` is the master that sentinels name,
    /// with TLS for both `rediss+sentinel://`. The login is that of the servers; that of the sentinels is
    /// `sentinel_username` and `sentinel_password`, as parameters. All sentinels are asked, and listened to; during a failover
    /// a call waits for the new master until its deadline if it can't have happened yet.
    ///
    /// Of the parameters that redis-py knows, `db`, `username`, `password`, `protocol` and, with `rediss://`,
    /// `ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile` (files in PEM) are honoured, and any other is refused by name.
    /// The server's certificate is always checked: by the authorities in `ssl_ca_certs` alone, or without it by those of
    /// the machine, to which the environment variable `SSL_CERT_FILE` can add one.
    ///
    /// # Errors
    ///
    /// The URL does not parse, has a parameter that is not honoured, needs a feature that is off, or names a file that
    /// can't be used.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::RedisStore;
    ///
    /// assert!(RedisStore::from_url("redis://127.0.0.1:6379/2").is_ok());
    /// assert!(RedisStore::from_url("redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/sessions/0").is_ok());
    /// assert!(RedisStore::from_url("localhost").is_err());
    /// ```
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        RedisStore::at(RedisUrl::One(url.into()))
    }

    /// A store with its own connection, opened by an application's client; for what a URL can't say.
    pub fn from_client(client: Client) -> Self {
        Self::on(Connection::One(Link::to(client).into()))
    }

    /// A store in a Redis Cluster of which these servers are named, one or more; nothing is connected yet. The others are
    /// found through them.
    ///
    /// Login, TLS and parameters have to be the same for all. A cluster has only database 0.
    ///
    /// # Errors
    ///
    /// No URL is given; [`from_url`](Self::from_url) would refuse one of them; they differ in something else than the
    /// place; one is a socket, or names another database than 0.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::RedisStore;
    ///
    /// assert!(RedisStore::cluster(["redis://127.0.0.1:7001", "redis://127.0.0.1:7002"]).is_ok());
    /// assert!(RedisStore::cluster(["redis://127.0.0.1:7001/2"]).is_err());
    /// ```
    pub fn cluster(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, StoreError> {
        RedisStore::at(RedisUrl::Cluster(urls.into_iter().map(|url| url.as_ref().to_owned()).collect()))
    }

    fn at(url: RedisUrl) -> Result<Self, StoreError> {
        let settings = RedisSettings { url, ..RedisSettings::default() };
        RedisStore::described_by(&settings)
            .map_err(|objection| StoreError::misconfigured(format!("the address {}", objection.message)))
    }

    /// The store of the settings; nothing is connected yet.
    pub(super) fn of(settings: &RedisSettings) -> Result<Self, StoreError> {
        let store = RedisStore::described_by(settings)
            .map_err(|Objection { key, message }| StoreError::misconfigured(format!("{key} {message}")))?;
        let store = RedisStore { replicas: settings.wait_replicas, ..store };
        let Some(lasts) = settings.cache else { return Ok(store) };
        let store = store.cache(lasts, settings.cache_size)?;
        Ok(if settings.cache_strict { store.cache_strict() } else { store })
    }

    fn described_by(settings: &RedisSettings) -> Result<Self, Objection> {
        Ok(Self::on(match Address::open(settings)? {
            Address::One(server) => {
                let client = server.client().map_err(|_| Objection::to_address("can't be used"))?;
                Connection::One(Link::to(client).into())
            }
            Address::Cluster(nodes) => {
                let nodes = nodes.into_iter().map(ServerAddress::into_info).collect();
                Connection::Cluster(Cluster::new(nodes).into())
            }
            Address::Sentinel(address) => {
                let sentinel = Sentinel::new(address).map_err(|_| Objection::to_address("can't be used"))?;
                Connection::Sentinel(sentinel.into())
            }
        }))
    }

    fn on(connection: Connection) -> Self {
        let connection = Arc::new(connection);
        let refusals = Refusals::of(&connection);
        let listener = Listener::new(Arc::clone(&connection), refusals.clone());
        RedisStore {
            connection,
            script: SwapScript::new(),
            refusals,
            listener,
            replicas: 0,
            copies: None,
            is_strict: false,
        }
    }

    /// Keeps copies in this process of the records that it loads, up to `max_bytes` (`session_redis_cache_size`) and
    /// a sixty-fourth of that for each: most requests that only read ask no server then.
    ///
    /// Redis says when a record has changed, and no copy is used for longer than `lasts` (`session_redis_cache`) after it
    /// could not say so any more: what [`copy`](Store::copy) returns reflects every change that was acknowledged before
    /// that. While copies are in use, each process asks each server four times in that time for a sign of life. [`load`](Store::load)
    /// and [`swap`](Store::swap) never use them.
    ///
    /// # Errors
    ///
    /// `lasts` is shorter than 20 milliseconds or longer than 10 seconds; or the store is on a connection of the application, on
    /// which Redis can't say anything.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use std::time::Duration;
    /// use rocket_session_state::store::RedisStore;
    ///
    /// let store = RedisStore::from_url("redis://127.0.0.1:6379")?;
    /// let store = store.cache(Duration::from_millis(100), 64 * 1024 * 1024)?;
    /// # Ok::<(), rocket_session_state_core::store::StoreError>(())
    /// ```
    pub fn cache(mut self, lasts: Duration, max_bytes: u64) -> Result<Self, StoreError> {
        if !CACHE_TIMES.contains(&lasts) {
            let (shortest, longest) = (CACHE_TIMES.start(), CACHE_TIMES.end());
            return Err(StoreError::misconfigured(format!(
                "copies of records last {shortest:?} to {longest:?}, not {lasts:?}"
            )));
        }
        if !self.connection.can_have_others() {
            return Err(StoreError::misconfigured(
                "there are no copies of records on a connection that the application uses as well",
            ));
        }
        let copies = Arc::new(LocalCopy::new(lasts, max_bytes, self.connection.question()));
        self.connection.keep_copies(&copies);
        self.copies = Some(copies);
        Ok(self)
    }

    /// Makes whoever ends a session wait for the time for which copies may be used in other processes
    /// (`session_redis_cache_strict`): see [`seen_everywhere_after`](Store::seen_everywhere_after).
    #[must_use]
    pub fn cache_strict(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// A store on a connection that the application uses as well. It tells of removals and can't listen to those of other
    /// processes, which takes another connection.
    ///
    /// The manager keeps its own settings and habits. By its defaults a call waits up to ten seconds for
    /// a server that is down: give it few retries and short delays.
    pub fn from_manager(manager: ConnectionManager) -> Self {
        Self::on(Connection::Shared(Shared::new(manager).into()))
    }

    /// A store over whatever an application sends its commands with: a pool or a client of any kind and version, to one
    /// server or to one that finds the server of a key itself. It tells of removals and can't listen to those of other
    /// processes.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::{RedisCommands, RedisStore};
    ///
    /// fn sessions(pool: impl RedisCommands) -> RedisStore {
    ///     RedisStore::over(pool)
    /// }
    /// ```
    pub fn over(commands: impl RedisCommands) -> Self {
        Self::on(Connection::Pool(Pool::new(commands)))
    }

    /// Makes each write wait until so many replicas have it (`session_redis_wait_replicas`); 0 is none. A failover to one of
    /// them loses no write that was acknowledged.
    ///
    /// Writes go on a connection of their own then, and one `WAIT` closes each batch of them. If the replicas are too few
    /// until the call's deadline, that is an [outage](StoreError::is_outage) whose outcome is open: the master has the write.
    /// What comes while a batch waits is in the next one; if that is not sent before its deadline, nothing has happened, which
    /// the error says. In its own batch a conflict waits for no replica. A deletion does also if it finds nothing: one before
    /// it may have removed the record on the master alone. A load that extends a life does not wait.
    ///
    /// Of a call's time, up to 150 ms, at most half, are kept for the answer: a server may say that late that the replicas are
    /// too few. With a `session_store_timeout` below 300 ms little is left for replicas.
    ///
    /// # Errors
    ///
    /// The store is on a connection of the application, whose other commands would wait, too.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::RedisStore;
    ///
    /// # fn main() -> Result<(), rocket_session_state::store::StoreError> {
    /// let store = RedisStore::from_url("redis://127.0.0.1:6379")?.wait_for_replicas(1)?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_for_replicas(mut self, replicas: u32) -> Result<Self, StoreError> {
        if replicas > 0 && !self.connection.can_have_others() {
            return Err(StoreError::misconfigured(
                "writes can't wait for replicas on a connection that the application uses as well",
            ));
        }
        self.replicas = replicas;
        Ok(self)
    }
}

impl RedisStore {
    /// Drops the copy of a record, now and when the write to it that follows is over.
    fn writing<'a>(&'a self, key: &'a str) -> Option<Writing<'a>> {
        self.copies.as_ref().map(|copies| copies.writing(key))
    }
}

/// Says why there can't be a store of these settings. No file is read.
pub(super) fn objection(settings: &RedisSettings) -> Option<Objection> {
    Address::check(settings).err()
}

/// Tells whether what is sent leaves this machine unencrypted.
pub(super) fn is_exposed(settings: &RedisSettings) -> bool {
    Address::check(settings).is_ok_and(|address| address.is_exposed())
}

impl Store for RedisStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let Some(lifetime) = touch else {
            let reading = self.copies.as_ref().map(|copies| copies.reading(key));
            let reads = Reads { key, reading: reading.as_ref() };
            let [left, record] = self.connection.send(call, key, reads).await?;
            let Some(loaded) = found(record)? else { return Ok(None) };
            let Value::Int(left) = left else { return Err(StoreError::invalid_response("milliseconds")) };
            // Below 0, it has no end, or has come between the two commands.
            let Ok(left) = u64::try_from(left).map(Duration::from_millis) else { return Ok(Some(loaded)) };
            let loaded = match reading {
                Some(reading) => reading.found(loaded, left),
                None => loaded,
            };
            return Ok(Some(loaded.with_life_left(call.now, left)));
        };
        let _writing = self.writing(key);
        // Made in one piece: it is sent on every request that reads a session.
        let mut command = Cmd::with_capacity(4, key.len() + 32);
        let seconds = seconds(lifetime);
        command.arg("GETEX").arg(key).arg("EX").arg(seconds);
        let loaded = found(self.connection.send(call, key, command).await?)?;
        Ok(loaded.map(|loaded| loaded.with_life_left(call.now, Duration::from_secs(seconds))))
    }

    fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded> {
        self.copies.as_ref()?.get(now, key, &*self.connection.lease(key)?)
    }

    fn seen_everywhere_after(&self) -> Duration {
        let strict = self.copies.as_ref().filter(|_| self.is_strict);
        strict.map_or(Duration::ZERO, |copies| copies.lasts())
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        let new = new.map(|new| (new.bytes, new.lifetime.map(seconds)));
        let expected = expected.map(|expected| &*expected.bytes);
        let _writing = self.writing(key);
        match swap(&self.script, &self.connection, call, key, expected, new, self.replicas).await? {
            Swapped::Done => Ok(Swap::Done { version: None }),
            Swapped::DoneUntold => {
                self.refusals.note(&"Redis refused PUBLISH");
                Ok(Swap::Done { version: None })
            }
            Swapped::Conflict(stored) => Ok(Swap::Conflict(found(stored)?)),
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        let _writing = self.writing(key);
        let deletion = Deletion::of(key, self.replicas);
        let (deleted, told) = self.connection.send(call, key, deletion).await?;
        if let Err(error) = told {
            self.refusals.look_at(error);
        }
        match deleted {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(StoreError::invalid_response("0 or 1")),
        }
    }

    /// Asks each server whether it is ready for sessions, and says in the log which were found. One that is away is an error only if
    /// all are.
    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        let servers = self.connection.servers(call).await?;
        let asked = join_all(servers.iter().map(|server| is_ready(server, call, &self.script))).await;
        let works = asked.iter().any(Result::is_ok);
        if let Some(error) =
            asked.into_iter().filter_map(Result::err).find(|error| !works || !error.is_outage())
        {
            return Err(error);
        }
        if let Some(found) = self.connection.found(&servers) {
            log::info!("sessions are in {found}");
        }
        Ok(())
    }

    fn part_of(&self, key: &str) -> Option<Part> {
        Some(Part::named(Arc::clone(&self.connection.node_of(key)?.name)))
    }

    /// Asks the one server, and meanwhile who has its sessions now: no other call does, while this one goes on.
    async fn ping_part(&self, call: Call, part: &Part) -> Result<bool, StoreError> {
        let servers = self.connection.servers(call).await?;
        match servers.iter().find(|server| server.name() == Some(part.name())) {
            Some(server) => {
                let ready = is_ready(server, call, &self.script);
                self.connection.looking(ready).await.map(|()| true)
            }
            None => Ok(false),
        }
    }

    fn watch(&self, key: &str, watcher: Watcher) {
        self.listener.watch(key, watcher);
    }

    fn address(&self) -> Option<String> {
        Some(self.connection.address())
    }
}

debug_by_address!(RedisStore);

/// Takes the record out of an answer.
fn found(answer: Value) -> Result<Option<Loaded>, StoreError> {
    match answer {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(Loaded::new(bytes))),
        _ => Err(StoreError::invalid_response("a string or nil")),
    }
}

/// Converts a lifetime for `EX`: whole seconds, at least one, since Redis refuses zero.
fn seconds(lifetime: Duration) -> u64 {
    lifetime.as_secs().max(1)
}
