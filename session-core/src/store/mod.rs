//! Stores of session records: one small trait, one folder per store.
//!
//! A store is a byte store with compare-and-swap. It knows nothing of sessions, formats, cookies or
//! merging: every guarantee that the library gives is written once, above this trait, so that a new
//! store is a page of code.

/// Writes the methods of [`Store`] that pass each call on to another store.
macro_rules! forward {
    ($self:ident => $store:expr) => {
        async fn load(
            &$self,
            call: Call,
            key: &str,
            touch: Option<std::time::Duration>,
        ) -> Result<Option<Loaded>, StoreError> {
            ($store).load(call, key, touch).await
        }

        async fn swap(
            &$self,
            call: Call,
            key: &str,
            expected: Option<&Loaded>,
            new: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            ($store).swap(call, key, expected, new).await
        }

        async fn delete(&$self, call: Call, key: &str) -> Result<bool, StoreError> {
            ($store).delete(call, key).await
        }

        async fn purge(&$self, call: Call) -> Result<u64, StoreError> {
            ($store).purge(call).await
        }

        async fn ping(&$self, call: Call) -> Result<(), StoreError> {
            ($store).ping(call).await
        }

        fn part_of(&$self, key: &str) -> Option<crate::store::Part> {
            ($store).part_of(key)
        }

        async fn ping_part(&$self, call: Call, part: &crate::store::Part) -> Result<bool, StoreError> {
            ($store).ping_part(call, part).await
        }

        fn copy(&$self, now: std::time::SystemTime, key: &str) -> Option<Loaded> {
            ($store).copy(now, key)
        }

        fn seen_everywhere_after(&$self) -> std::time::Duration {
            ($store).seen_everywhere_after()
        }

        fn watch(&$self, key: &str, watcher: crate::store::Watcher) {
            ($store).watch(key, watcher);
        }

        fn address(&$self) -> Option<String> {
            ($store).address()
        }

        fn open_to_others(&$self) -> Option<crate::store::OpenTo> {
            ($store).open_to_others()
        }
    };
}

/// Shows the address of a store, without a login and never what it holds.
macro_rules! debug_by_address {
    ($store:ident) => {
        impl std::fmt::Debug for $store {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let address = crate::store::Store::address(self);
                f.debug_struct(stringify!($store)).field("address", &address).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) mod backend;
mod call;
pub(crate) mod client;
#[cfg(any(
    feature = "redis",
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "memcached",
    feature = "mongodb"
))]
mod driver_error;
mod erased;
mod error;
mod files;
mod memcached;
mod memory;
#[doc(hidden)]
pub mod migrating;
mod mongodb;
mod open_to;
#[cfg(all(unix, any(feature = "filesystem", feature = "sqlite")))]
mod others;
mod part;
#[cfg(any(
    feature = "redis",
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "mongodb"
))]
mod quiet;
mod redis;
#[cfg(any(feature = "redis", feature = "memcached", feature = "mongodb"))]
mod reopening;
mod sql;
mod watch;

pub use call::{Call, Loaded, New, Swap};
pub use erased::DynStore;
pub use error::StoreError;
#[cfg(feature = "filesystem")]
pub use files::FileStore;
#[cfg(feature = "memcached")]
pub use memcached::MemcachedStore;
pub use memory::MemoryStore;
#[cfg(feature = "mongodb")]
pub use mongodb::MongoStore;
pub use open_to::OpenTo;
pub use part::Part;
pub use redis::RedisUrl;
#[cfg(feature = "redis")]
pub use redis::{RedisCommands, RedisReply, RedisStore};
pub(crate) use registry::SessionType;
#[cfg(feature = "sql")]
pub use sql::{SqlDialect, SqlError, SqlRow, SqlStatements, SqlStore, SqlTable, SqlValue};
pub use watch::{Hints, Watcher};

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The one list of stores that `session_type` can name. Each store describes itself in its folder.
pub(crate) mod registry {
    super::backend::stores! {
        /// Sessions in this process.
        memory: MemorySettings at "session_type" {
            /// In this process; they end with it.
            Memory = "memory",
        }
        /// Sessions in Redis or Valkey.
        redis: RedisSettings at "session_redis" {
            /// In Redis, in the records of Flask-Session. Needs the feature `redis`.
            Redis = "redis" needs "`redis`" if feature = "redis",
        }
        /// Sessions in a SQL database.
        sql: SqlSettings at "session_sqlalchemy" {
            /// In a SQLite file, in Flask-Session's table. Needs the feature `sqlite`.
            Sqlite = "sqlite" needs "`sqlite`" if feature = "sqlite",
            /// In PostgreSQL, in Flask-Session's table for SQLAlchemy. Needs the feature `postgres`.
            Postgres = "postgres" needs "`postgres`" if feature = "postgres",
            /// In MySQL or MariaDB, in Flask-Session's table; also written `mariadb`. Needs the feature `mysql`.
            MySql = "mysql" | "mariadb" needs "`mysql`" if feature = "mysql",
            /// In a database, in Flask-Session's table; also written `sql`. The URL says which database. Needs the
            /// feature `sqlite`, `postgres` or `mysql`.
            Sql = "sqlalchemy" | "sql" needs "`sqlite`, `postgres` or `mysql`"
                if any(feature = "sqlite", feature = "postgres", feature = "mysql"),
        }
        /// Sessions in memcached.
        memcached: MemcachedSettings at "session_memcached" {
            /// In memcached, in the records of Flask-Session. Needs the feature `memcached`.
            Memcached = "memcached" needs "`memcached`" if feature = "memcached",
        }
        /// Sessions in MongoDB.
        mongodb: MongoDbSettings at "session_mongodb" {
            /// In MongoDB, in the records of Flask-Session. Needs the feature `mongodb`.
            MongoDb = "mongodb" needs "`mongodb`" if feature = "mongodb",
        }
        /// Sessions in files.
        files: FileSettings at "session_file_dir" {
            /// In files, as Flask-Session's `FileSystemCache` keeps them. Needs the feature `filesystem`.
            FileSystem = "filesystem" needs "`filesystem`" if feature = "filesystem",
            /// The same files, by the name that Flask-Session 0.7 and later prefers.
            CacheLib = "cachelib" needs "`filesystem`" if feature = "filesystem",
        }
    }
}

/// A byte store with compare-and-swap: all that a session store has to be able to do.
///
/// Keys are the *store ids* of Flask-Session: `session_key_prefix` followed by the session id, or by `~` and a hash
/// for the note that a renewed id leaves. They are printable ASCII if the prefix is. Values are opaque bytes and may hold any byte, also zero.
///
/// Implementations write `async fn`; the futures have to be `Send`. `load`, `swap` and `delete` have
/// to be written, the others where the defaults do not fit. The guide's page "Write your own
/// store" builds one, and the suite of the cargo feature `conformance` tests it.
///
/// # Rules for every method
///
/// * A record whose lifetime has passed at [`Call::now`] is absent, whether or not it is still on disk.
/// * An error means that the outcome is unknown or that nothing happened; it never means "absent".
///   A record that exists but can't be read is an error too.
/// * Nothing whose outcome is open is retried inside a store: only the caller knows what may be repeated. What has certainly
///   not happened may be, until the deadline.
/// * The caller enforces [`Call::deadline`] by dropping the future, so a method has to be safe to
///   cancel at every await. A store that can pass the deadline on to its server should.
pub trait Store: Send + Sync + 'static {
    /// Returns the record under `key`, or `None` if there is none or it has expired.
    ///
    /// The answer tells in the same round trip when the record ends ([`Loaded::expires`]). With `touch`, the record's
    /// life is set to that duration from [`Call::now`] on, also in the same round trip where the server can. The bytes
    /// stay as they are.
    fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> impl Future<Output = Result<Option<Loaded>, StoreError>> + Send;

    /// Replaces the record if it still is `expected`: the only way to write.
    ///
    /// `expected` is what [`load`](Store::load) or [`Swap::Conflict`] returned, `None` to create a
    /// record that must not exist. `new` is the new record, `None` to delete; it may keep the end of the one that it
    /// replaces ([`New::lifetime`]). Compare and write
    /// are one atomic step among all processes that use the store. An absent record never matches
    /// bytes: that keeps an ended session from coming back.
    ///
    /// A conflict is a conflict even where the current bytes equal `new`.
    fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> impl Future<Output = Result<Swap, StoreError>> + Send;

    /// Deletes the record, whatever it holds. Returns whether there was one.
    fn delete(&self, call: Call, key: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Frees the room that expired records still occupy and returns how many were removed.
    ///
    /// The default does nothing and returns 0, for stores whose server expires records by itself.
    fn purge(&self, call: Call) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = call;
        async { Ok(0) }
    }

    /// Checks that the store can be reached and used. Called at launch, before what requests do is tried with a record of
    /// its own, and every half second while the store is away; so it should cost little.
    ///
    /// The default loads a key that no session has.
    fn ping(&self, call: Call) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move { self.load(call, "ping", None).await.map(drop) }
    }

    /// Names the part of the store that has a key, where parts fail on their own: one server of several. While a part is
    /// away, calls for its keys are refused at once, and those for others go on.
    ///
    /// It returns at once, with what is known now. The default returns `None`: the store works or fails as a whole.
    fn part_of(&self, key: &str) -> Option<Part> {
        let _ = key;
        None
    }

    /// As [`ping`](Store::ping), for one part. Returns whether the part has keys: one that has none any more is well, and
    /// nothing will be asked of it.
    ///
    /// The default asks the whole store.
    fn ping_part(&self, call: Call, part: &Part) -> impl Future<Output = Result<bool, StoreError>> + Send {
        let _ = part;
        async move { self.ping(call).await.map(|()| true) }
    }

    /// Returns a copy of the record that this process keeps, if the store keeps such copies and this one may be used. It is
    /// not older than the store says it can be; that there is none says nothing.
    ///
    /// It returns at once, without asking anybody. What a request reads may come from here, and nothing else: a decision
    /// that must not be wrong is made by [`load`](Store::load), or by a [`swap`](Store::swap) with the copy as `expected`.
    /// The default returns `None`.
    fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded> {
        let _ = (now, key);
        None
    }

    /// Returns how long after the removal of a record was acknowledged no process takes it for its [`copy`](Store::copy)
    /// any more, if whoever ends a session is to wait for that. The default returns zero: nobody waits.
    fn seen_everywhere_after(&self) -> Duration {
        Duration::ZERO
    }

    /// Takes a watcher, which is [told](Watcher::tell) from now on each time that the record may have been removed, by
    /// whatever process: once a removal is done, and once this store may have missed one. So
    /// `session.ended()` returns soon after an end in another process.
    ///
    /// It returns at once. The store keeps the watcher until that [is gone](Watcher::is_gone). What it says is a hint: the
    /// record is loaded then, so to be told in vain does no harm, and neither does it if nothing is said because the
    /// server is away. Expiry need not be told.
    ///
    /// The default drops the watcher. Then the store is asked every `session_ended_poll`, which it is in any case.
    fn watch(&self, key: &str, watcher: Watcher) {
        let _ = (key, watcher);
    }

    /// Returns the store's address for people, without a login: `Redis at 127.0.0.1:6379`.
    ///
    /// It is part of the launch's messages. The default returns `None`.
    fn address(&self) -> Option<String> {
        None
    }

    /// Says who else may change or read the records on this machine, such as every user who may write in their folder,
    /// and what to do about it.
    ///
    /// Asked once at launch, after [`ping`](Store::ping). Outside the debug profile the application does not launch if
    /// [everybody](OpenTo::Everybody) may write them; any other answer is a warning. The default returns `None`.
    fn open_to_others(&self) -> Option<OpenTo> {
        None
    }
}

/// A shared store is a store.
impl<S: Store> Store for Arc<S> {
    forward!(self => **self);
}
