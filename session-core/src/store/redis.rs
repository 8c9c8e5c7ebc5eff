//! Placeholder until the store lands in the same session.

/// Sessions in Redis.
#[derive(Debug)]
pub struct RedisStore;
