//! Sentinels that say what a test wants: real ones can't be made to disagree for long.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::resp::{Connection, Reply};

/// Something that speaks as a sentinel does. Its threads end with the test's process.
pub struct FakeSentinel {
    port: u16,
    shared: Arc<Shared>,
}

/// What it says of the master, whatever name it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It is at this port of 127.0.0.1, since the failover of this number.
    Master(u16, u64),
    /// The same, by one that does not tell the number.
    MasterWithoutEpoch(u16),
    /// There is none of that name.
    Unknown,
    /// Nothing: questions stay open.
    Silence,
}

struct Shared {
    says: Mutex<Says>,
    changed: Condvar,
    /// Those who listen to events.
    listeners: Mutex<Vec<TcpStream>>,
    /// The number of times that it was asked for the master.
    asked: Mutex<usize>,
}

impl FakeSentinel {
    /// Starts one.
    pub fn start(says: Says) -> FakeSentinel {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared {
            says: Mutex::new(says),
            changed: Condvar::new(),
            listeners: Mutex::default(),
            asked: Mutex::default(),
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for client in listener.incoming().map_while(Result::ok) {
                    let shared = Arc::clone(&shared);
                    // An error means that the client has left.
                    thread::spawn(move || drop(shared.serve(client)));
                }
            }
        });
        FakeSentinel { port, shared }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes it say something else from now on, without an event. Questions that are open are answered so, too.
    pub fn set(&self, says: Says) {
        *lock(&self.shared.says) = says;
        self.shared.changed.notify_all();
    }

    /// Returns what it says.
    pub fn says(&self) -> Says {
        *lock(&self.shared.says)
    }

    /// Tells an event to all who listen.
    pub fn tell(&self, channel: &str, event: &str) {
        let message = ["message", channel, event].map(bulk).concat();
        for listener in &mut *lock(&self.shared.listeners) {
            // An error means that the client has left.
            let _ = io::Write::write_all(listener, format!("*3\r\n{message}").as_bytes());
        }
    }

    /// Returns the number of times that it was asked for the master.
    pub fn asked(&self) -> usize {
        *lock(&self.shared.asked)
    }
}

impl Shared {
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut write = client.try_clone()?;
        let mut connection = Connection::over(client);
        let mut channels = HashSet::new();
        loop {
            let Reply::List(words) = connection.receive()? else { return Ok(()) };
            let words: Vec<String> = words.iter().map(Reply::text).collect();
            let answer = match words[0].to_ascii_uppercase().as_str() {
                "SUBSCRIBE" => {
                    let mut answer = String::new();
                    for channel in &words[1..] {
                        channels.insert(channel.clone());
                        let names = ["subscribe", channel].map(bulk).concat();
                        answer += &format!("*3\r\n{names}:{}\r\n", channels.len());
                    }
                    lock(&self.listeners).push(write.try_clone()?);
                    answer
                }
                "PING" if !channels.is_empty() => format!("*2\r\n{}", ["pong", ""].map(bulk).concat()),
                "PING" => "+PONG\r\n".to_owned(),
                "SENTINEL" => self.answer(&words[1]),
                "AUTH" | "CLIENT" => "+OK\r\n".to_owned(),
                _ => "-ERR unknown command\r\n".to_owned(),
            };
            io::Write::write_all(&mut write, answer.as_bytes())?;
        }
    }

    fn answer(&self, question: &str) -> String {
        let mut says = lock(&self.says);
        while *says == Says::Silence {
            says = self.changed.wait(says).unwrap_or_else(PoisonError::into_inner);
        }
        let address = |port: u16| ["127.0.0.1", &port.to_string()].map(bulk);
        let [host, name_of_port] = ["ip", "port"].map(bulk);
        match (question.to_ascii_uppercase().as_str(), *says) {
            ("GET-MASTER-ADDR-BY-NAME", says) => {
                *lock(&self.asked) += 1;
                match says {
                    Says::Master(port, _) | Says::MasterWithoutEpoch(port) => {
                        format!("*2\r\n{}", address(port).concat())
                    }
                    _ => "*-1\r\n".to_owned(),
                }
            }
            ("MASTER", Says::Master(port, epoch)) => {
                let [ip, port] = address(port);
                let epoch = ["config-epoch", &epoch.to_string()].map(bulk).concat();
                format!("*6\r\n{host}{ip}{name_of_port}{port}{epoch}")
            }
            ("MASTER", Says::MasterWithoutEpoch(_)) => "-NOPERM no permissions\r\n".to_owned(),
            _ => "-ERR No such master with that name\r\n".to_owned(),
        }
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
