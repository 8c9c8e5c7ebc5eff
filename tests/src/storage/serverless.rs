//! Sessions that need neither a server nor a file: in the visitor's browser, and in the application's memory.

use crate::storage::{Fixture, Setting, Storage};

/// The visitor's browser: Flask's own signed cookie.
pub struct Cookie;

/// The application's memory, which Flask does not have.
pub struct Memory;

/// Signed cookies.
pub fn on_cookie() -> Storage {
    Box::new(Cookie)
}

/// The application's memory.
pub fn on_memory() -> Storage {
    Box::new(Memory)
}

impl Fixture for Cookie {
    fn name(&self) -> &'static str {
        "cookie"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        vec![("session_type", "cookie".into())]
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("PROBE_ENGINE", "flask".to_owned())]
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn clear(&self) {}

    fn has_records(&self) -> bool {
        false
    }

    fn outlives_the_application(&self) -> bool {
        false
    }
}

impl Fixture for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        vec![("session_type", "memory".into())]
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        panic!("Flask-Session keeps no sessions in memory");
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn clear(&self) {}

    fn outlives_the_application(&self) -> bool {
        false
    }
}
