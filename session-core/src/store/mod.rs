//! Where records live: one small trait, one file per store.
//!
//! A store is a byte store with compare-and-swap. It knows nothing of sessions, formats, cookies or
//! merging: every guarantee that the library gives is written once, above this trait, so that a new
//! store is a page of code.

mod call;
pub(crate) mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod files;
mod memcached;
mod memory;
pub(crate) mod migrating;
pub(crate) mod mongodb;
mod redis;
pub(crate) mod sql;

pub use call::{Call, Loaded, New, Swap, Touch};
pub use error::StoreError;
#[cfg(feature = "filesystem")]
pub use files::FileStore;
#[cfg(feature = "memcached")]
pub use memcached::MemcachedStore;
pub use memory::MemoryStore;
#[cfg(feature = "mongodb")]
pub use mongodb::MongoStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use sql::{SqlStore, SqlTable};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The boxed future that every store call returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A byte store with compare-and-swap: what a session store has to be able to do.
///
/// Keys are the *store ids* of Flask-Session: `session_key_prefix` followed by the session id. They
/// are printable ASCII if the prefix is. Values are opaque bytes and may hold any byte, also zero.
///
/// # Rules for every method
///
/// * A record whose lifetime has passed at [`Call::now`] is absent, whether or not it is still on disk.
/// * An error says that the outcome is unknown or that nothing happened; it is never "absent".
///   A record that is there but can't be read is an error too.
/// * Nothing is retried inside a store: who calls knows what may be repeated.
/// * The caller enforces [`Call::deadline`] by dropping the future, so a method has to be safe to
///   cancel at every await. A store that can pass the deadline on to its server should.
pub trait Store: Send + Sync + 'static {
    /// The record under `key`, or `None` if there is none or it has expired.
    ///
    /// With `touch`, the record's remaining life is set to [`Touch::lifetime`] in the same round
    /// trip where the server can. A store for which that is a write of its own does it only if the
    /// remaining life is at most [`Touch::when_left`]. The bytes stay as they are.
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> StoreFuture<'a, Option<Loaded>>;

    /// Replaces the record if it still is `expected`: the only way to write.
    ///
    /// `expected` is what [`load`](Store::load) or [`Swap::Conflict`] gave, `None` to create a
    /// record that must not exist. `new` is the new record, `None` to delete. Compare and write
    /// are one atomic step among all processes that use the store. An absent record never matches
    /// bytes: that is what keeps an ended session from coming back.
    ///
    /// A conflict is a conflict even where the current bytes equal `new`.
    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> StoreFuture<'a, Swap>;

    /// Deletes the record, whatever it holds. `true` if there was one.
    fn delete<'a>(&'a self, call: Call, key: &'a str) -> StoreFuture<'a, bool>;

    /// Frees what expired records still occupy and says how many were removed.
    ///
    /// Stores whose server expires records by itself have nothing to do and answer 0.
    fn purge(&self, call: Call) -> StoreFuture<'_, u64>;

    /// Whether the store can be reached and used; asked once at launch.
    fn ping(&self, call: Call) -> StoreFuture<'_, ()>;
}

/// A shared store is a store.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> StoreFuture<'a, Option<Loaded>> {
        (**self).load(call, key, touch)
    }

    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> StoreFuture<'a, Swap> {
        (**self).swap(call, key, expected, new)
    }

    fn delete<'a>(&'a self, call: Call, key: &'a str) -> StoreFuture<'a, bool> {
        (**self).delete(call, key)
    }

    fn purge(&self, call: Call) -> StoreFuture<'_, u64> {
        (**self).purge(call)
    }

    fn ping(&self, call: Call) -> StoreFuture<'_, ()> {
        (**self).ping(call)
    }
}
