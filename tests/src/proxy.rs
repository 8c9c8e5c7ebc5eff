//! A way to a server that can be spoilt: what a network, a load balancer or a wrong port does to an application.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes connections on to a port of this machine, and does to the answers what it is told.
pub struct Proxy {
    port: u16,
    way: Arc<Mutex<Way>>,
}

/// What happens to what the server answers. Requests arrive in every case, so a write may have happened.
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let own = listener.local_addr().expect("its address").port();
        let way = Arc::new(Mutex::new(Way::Open));
        thread::spawn({
            let way = Arc::clone(&way);
            move || {
                for client in listener.incoming().map_while(Result::ok) {
                    // A server that is down: the client's connection ends at once.
                    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                    join(client, server, &way);
                }
            }
        });
        Proxy { port: own, way }
    }

    /// The address as `session_redis` takes it.
    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Sets what happens to answers from now on, also on connections that are open. Opening the way again
    /// helps new connections only.
    pub fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

fn join(client: TcpStream, server: TcpStream, way: &Arc<Mutex<Way>>) {
    let (mut requests, mut onward) =
        (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    thread::spawn(move || {
        // The end of either side ends both.
        let _ = std::io::copy(&mut requests, &mut onward);
        let _ = onward.shutdown(Shutdown::Both);
    });
    let way = Arc::clone(way);
    thread::spawn(move || {
        answers(&server, &client, &way);
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn answers(mut server: &TcpStream, mut client: &TcpStream, way: &Mutex<Way>) {
    let mut buffer = [0; 65_536];
    let mut spoilt = None;
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        // No network loses the middle of a stream: a connection that was spoilt once stays so.
        let way = spoilt.unwrap_or(*way.lock().unwrap());
        spoilt = (way != Way::Open).then_some(way);
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
    fn what_is_answered_is_spoilt_and_what_is_asked_is_not() {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port());
        let ask = |words: &[&str]| Connection::open(proxy.port).unwrap().command(words);
        assert_eq!(ask(&["SET", "k", "1"]).unwrap(), Reply::Status("OK".to_owned()));
        for way in [Way::Cut(3), Way::Garbage] {
            proxy.set(way);
            assert!(ask(&["INCR", "k"]).is_err(), "{way:?}");
        }
        proxy.set(Way::Open);
        assert_eq!(ask(&["GET", "k"]).unwrap(), Reply::Bytes(b"3".to_vec()));
    }
}
