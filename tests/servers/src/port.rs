//! Ports for the servers that a test starts.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which Linux takes the ports of outgoing connections: a client of one test can't
/// sit on the port that was promised to the server of another.
const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// Returns a port on 127.0.0.1 that nothing listens on and that this process has not handed out before.
pub fn free_port() -> u16 {
    // Test processes that run side by side start at different places.
    let start = (std::process::id() % u32::from(COUNT / 50)) as u16 * 50;
    for _ in 0..COUNT {
        let port = FIRST + (start + TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

/// Whether something accepts connections on this port of 127.0.0.1.
pub fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
