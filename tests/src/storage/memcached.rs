//! Sessions in memcached.

use crate::client::unix_now;
use crate::memcached::Memcached;
use crate::storage::{Fixture, Setting, Storage, at, flask_session_at};

/// A memcached.
pub fn on_memcached() -> Storage {
    Box::new(Memcached::start())
}

impl Fixture for Memcached {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        at("memcached", "session_memcached", self.address())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        flask_session_at("PROBE_MEMCACHED", self.address())
    }

    fn keys(&self) -> Vec<String> {
        Memcached::keys(self)
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        Memcached::get(self, key)
    }

    fn spoil(&self, key: &str) {
        assert_eq!(self.ask(&format!("ms {key} 5\r\n\u{1}\u{1}\u{1}\u{1}\u{1}")), "HD");
    }

    fn clear(&self) {
        Memcached::clear(self);
    }

    fn living_keys(&self, now: f64) -> Vec<String> {
        let mut keys = Memcached::keys(self);
        // In whole seconds, of which the last may have begun.
        keys.retain(|key| self.seconds_left(key).is_none_or(|left| unix_now() + left as f64 + 1.0 > now));
        keys
    }

    fn ports(&self) -> Vec<u16> {
        vec![Memcached::port(self)]
    }

    fn keeps_real_time(&self) -> bool {
        true
    }
}
