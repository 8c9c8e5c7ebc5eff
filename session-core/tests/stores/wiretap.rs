//! A way to a server that remembers what was sent to it, and can be lost with or without a sign.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Passes connections on to a server.
pub(crate) struct Wiretap {
    port: u16,
    sent: Arc<Mutex<Vec<u8>>>,
    cuts: Arc<AtomicUsize>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// A connection of a client, and what was sent on it.
struct Connection {
    client: TcpStream,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Wiretap {
    pub(crate) fn to(server: u16) -> Wiretap {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let tap = Wiretap { port, sent: Arc::default(), cuts: Arc::default(), connections: Arc::default() };
        let (sent, cuts) = (Arc::clone(&tap.sent), Arc::clone(&tap.cuts));
        let connections = Arc::clone(&tap.connections);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(onward) = TcpStream::connect(("127.0.0.1", server)) else { return };
                let back = (onward.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                carry(back.0, back.1, |_| true);
                let (sent, cuts) = (Arc::clone(&sent), Arc::clone(&cuts));
                let made_after = cuts.load(SeqCst);
                let sent_here = Arc::default();
                let connection = Connection {
                    client: client.try_clone().expect("a socket"),
                    sent: Arc::clone(&sent_here),
                };
                connections.lock().expect("the connections").push(connection);
                // Noted before it is passed on: what was answered has been noted.
                carry(client, onward, move |bytes| {
                    sent.lock().expect("the log").extend(bytes);
                    sent_here.lock().expect("the log").extend(bytes);
                    cuts.load(SeqCst) == made_after
                });
            }
        });
        tap
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the bytes that were sent since the last time.
    pub(crate) fn sent(&self) -> Vec<u8> {
        std::mem::take(&mut *self.sent.lock().expect("the log"))
    }

    /// Loses what is sent on the connections there are, which stay open. New ones work.
    pub(crate) fn cut(&self) {
        self.cuts.fetch_add(1, SeqCst);
    }

    /// Closes the connections on which this word was sent.
    pub(crate) fn hang_up(&self, word: &str) {
        for Connection { client, sent } in self.connections.lock().expect("the connections").iter() {
            let sent = sent.lock().expect("the log");
            if sent.windows(word.len()).any(|part| part == word.as_bytes()) {
                // An error means that it has ended before.
                let _ = client.shutdown(Shutdown::Both);
            }
        }
    }
}

/// Carries what `passes` lets through.
fn carry(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(&[u8]) -> bool + Send + 'static) {
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let bytes = &buffer[..length];
            if passes(bytes) && to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
