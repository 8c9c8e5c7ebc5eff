//! Sessions in Redis.

use std::time::Duration;

use crate::client::unix_now;
use crate::redis::Redis;
use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};

/// A Redis.
pub fn on_redis() -> Storage {
    Box::new(Redis::start())
}

/// A Redis of which each process keeps copies of what it reads.
pub fn on_redis_with_copies() -> Storage {
    Box::new(Copied(Redis::start()))
}

struct Copied(Redis);

impl Fixture for Copied {
    fn name(&self) -> &'static str {
        "Redis with copies"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        let mut settings = self.0.settings();
        settings.push(("session_redis_cache", "100ms".into()));
        settings
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        self.0.environment()
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys()
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key)
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn ports(&self) -> Vec<u16> {
        self.0.ports()
    }

    /// Much longer than a copy is used, since the machine may be busy.
    fn reads_lag(&self) -> Duration {
        Duration::from_secs(5)
    }
}

impl Fixture for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("redis", "session_redis", self.url())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_REDIS", self.url())
    }

    fn keys(&self) -> Vec<String> {
        Redis::keys(self)
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        Redis::get(self, key)
    }

    fn spoil(&self, key: &str) {
        self.command(&["DEL", key]);
        self.command(&["HSET", key, "x", "y"]);
    }

    fn clear(&self) {
        Redis::clear(self);
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let mut keys = Redis::keys(self);
        keys.retain(|key| self.ttl(key).is_none_or(|left| unix_now() + left.as_secs_f64() > now));
        keys
    }

    fn ports(&self) -> Vec<u16> {
        vec![Redis::port(self)]
    }

    fn kill(&mut self) {
        Redis::kill(self);
    }

    fn restart(&mut self) {
        Redis::restart(self);
    }
}
