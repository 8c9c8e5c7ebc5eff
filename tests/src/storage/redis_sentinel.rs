//! Sessions in a Redis whose master sentinels name.

use std::sync::Mutex;

use crate::client::unix_now;
use crate::lent::Lent;
use crate::proxy::Proxy;
use crate::redis_sentinel::{FakeSentinel, RedisSentinel, Says};
use crate::resp::Reply;
use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};

/// A Redis with a sentinel.
struct Watched {
    redis: Lent<RedisSentinel>,
    /// Names a proxy for the master.
    diverting: Mutex<Option<FakeSentinel>>,
}

/// A master and its replica, with a sentinel. Each has a password.
pub fn on_redis_sentinel() -> Storage {
    Box::new(Watched { redis: Lent::take(), diverting: Mutex::default() })
}

impl Fixture for Watched {
    fn name(&self) -> &'static str {
        "Redis Sentinel"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        let url = match &*self.diverting.lock().unwrap() {
            Some(fake) => self.redis.url_by(&[fake.port()]),
            None => self.redis.url(),
        };
        at("redis", "session_redis", url)
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_SENTINEL", self.redis.url())
    }

    fn keys(&self) -> Vec<String> {
        let Reply::List(keys) = self.redis.command(&["KEYS", "*"]) else { panic!("KEYS gave no list") };
        let mut keys: Vec<String> = keys.iter().map(Reply::text).collect();
        keys.sort();
        keys
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.redis.command(&["GET", key]) {
            Reply::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn spoil(&self, key: &str) {
        self.redis.command(&["DEL", key]);
        self.redis.command(&["HSET", key, "x", "y"]);
    }

    fn clear(&self) {
        self.redis.command(&["FLUSHALL"]);
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let is_alive = |key: &String| match self.redis.command(&["PTTL", key]) {
            Reply::Integer(left) if left >= 0 => unix_now() + left as f64 / 1000.0 > now,
            _ => true,
        };
        self.keys().into_iter().filter(is_alive).collect()
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.redis.servers()[self.redis.master()].port()]
    }

    fn is_behind(&self, proxy: &Proxy) {
        let fake = FakeSentinel::start(Says::Master(proxy.port(), 1));
        *self.diverting.lock().unwrap() = Some(fake);
    }
}
