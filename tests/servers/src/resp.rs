//! The few lines of the Redis protocol that tests need, so that a record is never inspected with the very
//! library that wrote it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

/// Longer than any command here takes; a stopped server fails the test instead of hanging it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to a Redis server.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// No such thing.
    Nil,
    /// A status such as `OK`.
    Status(String),
    /// The server's refusal.
    Error(String),
    /// A number.
    Integer(i64),
    /// A value.
    Bytes(Vec<u8>),
    /// Several answers.
    List(Vec<Reply>),
}

impl Reply {
    /// The text of a value or of a status; empty if it is something else.
    pub fn text(&self) -> String {
        match self {
            Reply::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Reply::Status(text) => text.clone(),
            _ => String::new(),
        }
    }
}

impl Connection {
    /// Connects to the server on `port` of 127.0.0.1.
    pub fn open(port: u16) -> io::Result<Connection> {
        Connection::to(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
    }

    /// Connects to the server at `address`.
    pub fn to(address: SocketAddrV4) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Connection::over(stream))
    }

    /// Takes a connection that is open, also at the other end: commands are read as lists.
    pub fn over(stream: TcpStream) -> Connection {
        Connection { stream: BufReader::new(stream) }
    }

    /// Sends one command and reads its answer.
    pub fn command<W: AsRef<[u8]>>(&mut self, words: &[W]) -> io::Result<Reply> {
        let mut message = format!("*{}\r\n", words.len()).into_bytes();
        for word in words.iter().map(AsRef::as_ref) {
            message.extend(format!("${}\r\n", word.len()).bytes());
            message.extend(word);
            message.extend(b"\r\n");
        }
        self.stream.get_mut().write_all(&message)?;
        self.receive()
    }

    /// Reads one answer; for what the server says unasked (MONITOR).
    pub fn receive(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        // A line that was cut short is not an answer.
        let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let (kind, rest) = line.split_at_checked(1).ok_or_else(|| garbage(line))?;
        let number = || rest.parse::<i64>().map_err(|_| garbage(line));
        Ok(match kind {
            "+" => Reply::Status(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(number()?),
            "$" | "*" if number()? < 0 => Reply::Nil,
            "$" => Reply::Bytes(self.bytes(number()?)?),
            "*" => Reply::List((0..number()?).map(|_| self.receive()).collect::<io::Result<_>>()?),
            _ => return Err(garbage(line)),
        })
    }

    fn bytes(&mut self, length: i64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)? + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(bytes.len() - 2);
        Ok(bytes)
    }
}

fn garbage(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an answer of Redis: {line}"))
}
