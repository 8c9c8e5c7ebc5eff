//! Sessions in Redis or Valkey: the settings, which always compile, and the store.

#[cfg(feature = "redis")]
mod store;

#[cfg(feature = "redis")]
pub use store::RedisStore;
