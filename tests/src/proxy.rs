//! A way to a server that can be spoilt: what a network, a load balancer or a wrong port does to an application.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes connections on to ports of this machine, and does to the answers what it is told.
pub struct Proxy {
    /// Each port that is passed on to, with that of the proxy.
    ports: Vec<(u16, u16)>,
    way: Arc<Mutex<Way>>,
    asked: Arc<AtomicUsize>,
}

/// The fate of the server's answers. Requests arrive in every case, so a write may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Answers arrive.
    Open,
    /// Each connection ends after so many bytes of an answer.
    Cut(usize),
    /// Something else comes instead, as from a wrong port.
    Garbage,
    /// Nothing comes, and the connection stays open.
    Silent,
}

impl Proxy {
    /// A proxy in front of `port`. Its threads end with the test's process.
    pub fn to(port: u16) -> Proxy {
        Proxy::to_all(&[port])
    }

    /// The same in front of several ports, with a port of its own for each.
    pub fn to_all(ports: &[u16]) -> Proxy {
        let (way, asked) = (Arc::new(Mutex::new(Way::Open)), Arc::new(AtomicUsize::new(0)));
        let ports = ports.iter().map(|port| (*port, pass_on(*port, &way, &asked))).collect();
        Proxy { ports, way, asked }
    }

    /// The port on 127.0.0.1; the first, if there are several.
    pub fn port(&self) -> u16 {
        self.ports[0].1
    }

    /// Each port that is passed on to, with that of the proxy.
    pub fn ports(&self) -> &[(u16, u16)] {
        &self.ports
    }

    /// Returns the number of round trips to the server since the last time.
    pub fn round_trips(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    /// Sets what happens to answers from now on, also on connections that are open. Opening the way again
    /// helps new connections only.
    pub fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

/// Listens on a port, which is returned, and passes on what comes there.
fn pass_on(port: u16, way: &Arc<Mutex<Way>>, asked: &Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let own = listener.local_addr().expect("its address").port();
    let (way, asked) = (Arc::clone(way), Arc::clone(asked));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A server that is down: the client's connection ends at once.
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
            join(client, server, &way, &asked);
        }
    });
    own
}

fn join(client: TcpStream, server: TcpStream, way: &Arc<Mutex<Way>>, asked: &Arc<AtomicUsize>) {
    let (mut requests, mut onward) =
        (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let answered = Arc::new(AtomicBool::new(true));
    thread::spawn({
        let (asked, answered) = (Arc::clone(asked), Arc::clone(&answered));
        move || {
            let mut buffer = [0; 65_536];
            while let Ok(length @ 1..) = requests.read(&mut buffer) {
                let request = &buffer[..length];
                // What is sent without waiting for an answer is one request.
                if answered.swap(false, Ordering::SeqCst) && !is_heartbeat(request) {
                    asked.fetch_add(1, Ordering::SeqCst);
                }
                if onward.write_all(request).is_err() {
                    break;
                }
            }
            // The end of either side ends both.
            let _ = onward.shutdown(Shutdown::Both);
        }
    });
    let way = Arc::clone(way);
    thread::spawn(move || {
        answers(&server, &client, &way, &answered);
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// MongoDB's clients ask again and again how the server is, on connections of their own; so does a replica of Redis say
/// again and again how far it is.
fn is_heartbeat(request: &[u8]) -> bool {
    ["\x01hello\0", "\x10hello\0", "\x10isMaster\0", "\x10ismaster\0", "\nREPLCONF\r\n"]
        .iter()
        .any(|command| request.windows(command.len()).any(|part| part == command.as_bytes()))
}

fn answers(mut server: &TcpStream, mut client: &TcpStream, way: &Mutex<Way>, answered: &AtomicBool) {
    let mut buffer = [0; 65_536];
    let mut spoilt = None;
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        // No network loses the middle of a stream: a connection that was spoilt once stays so.
        let way = spoilt.unwrap_or(*way.lock().unwrap());
        spoilt = (way != Way::Open).then_some(way);
        answered.store(true, Ordering::SeqCst);
        let sent = match way {
            Way::Open => client.write_all(&buffer[..length]),
            Way::Cut(bytes) => {
                let _ = client.write_all(&buffer[..length.min(bytes)]);
                return;
            }
            Way::Garbage => client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            Way::Silent => Ok(()),
        };
        if sent.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::Redis;
    use crate::resp::{Connection, Reply};

    #[test]
    fn what_was_asked_is_counted_and_what_was_asked_together_counts_once() {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port());
        let mut connection = Connection::open(proxy.port()).unwrap();
        connection.command(&["SET", "k", "1"]).unwrap();
        connection.command(&["GET", "k"]).unwrap();
        assert_eq!((proxy.round_trips(), proxy.round_trips()), (2, 0));
        let mut pipeline = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        pipeline.write_all(b"PING\r\nPING\r\n").unwrap();
        pipeline.read_exact(&mut [0; 14]).unwrap();
        assert_eq!(proxy.round_trips(), 1);
    }

    #[test]
    fn what_is_answered_is_spoilt_and_what_is_asked_is_not() {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port());
        let ask = |words: &[&str]| Connection::open(proxy.port()).unwrap().command(words);
        assert_eq!(ask(&["SET", "k", "1"]).unwrap(), Reply::Status("OK".to_owned()));
        for way in [Way::Cut(3), Way::Garbage] {
            proxy.set(way);
            assert!(ask(&["INCR", "k"]).is_err(), "{way:?}");
        }
        proxy.set(Way::Open);
        assert_eq!(ask(&["GET", "k"]).unwrap(), Reply::Bytes(b"3".to_vec()));
    }
}
