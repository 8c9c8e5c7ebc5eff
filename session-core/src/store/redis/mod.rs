//! Sessions in Redis or Valkey: the settings, which always compile, and the store.

mod settings;
#[cfg(feature = "redis")]
mod store;
mod url;

pub use settings::RedisSettings;
#[cfg(feature = "redis")]
pub use store::{RedisCommands, RedisReply, RedisStore};
pub use url::RedisUrl;
