//! Sessions in memcached.

use crate::memcached::Memcached;
use crate::storage::{Fixture, Storage, at, flask_session_at};

/// A memcached.
pub fn on_memcached() -> Storage {
    Box::new(Memcached::start())
}

impl Fixture for Memcached {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
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

    fn port(&self) -> Option<u16> {
        Some(Memcached::port(self))
    }

    fn keeps_real_time(&self) -> bool {
        true
    }
}
