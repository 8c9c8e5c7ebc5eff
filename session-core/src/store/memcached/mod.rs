//! Sessions in memcached: the settings, which always compile, and the store.

mod settings;
#[cfg(feature = "memcached")]
mod store;

pub use settings::MemcachedSettings;
#[cfg(feature = "memcached")]
pub use store::MemcachedStore;
