//! Sessions in memcached: the settings, which always compile, and the store.

#[cfg(feature = "memcached")]
mod store;

#[cfg(feature = "memcached")]
pub use store::MemcachedStore;
