//! Server-sent events, read as they come.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The answer to one request, whose end is not awaited.
pub struct ServerSent(BufReader<TcpStream>);

/// A stream that takes longer to say what a test waits for fails it.
const TIMEOUT: Duration = Duration::from_secs(60);

impl ServerSent {
    /// Asks for `path`, with this Cookie header. A server answers HTTP/1.0 without chunks, and ends the answer by closing.
    pub fn open(url: &str, path: &str, cookie: &str) -> ServerSent {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("the server");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a time limit");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n")
            .expect("a request");
        let mut events = ServerSent(BufReader::new(stream));
        let head = events.block("\r\n");
        assert!(
            head.starts_with("HTTP/1.0 200") && head.contains("content-type: text/event-stream"),
            "{head}"
        );
        events
    }

    /// The next event, with the empty line after it.
    pub fn event(&mut self) -> String {
        self.block("\n")
    }

    /// Everything that is still to come, until the server closes the stream.
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("text until the end");
        rest
    }

    /// Whether nothing has come since it was last read, and the stream has not been closed.
    pub fn is_silent(&mut self) -> bool {
        self.0.get_ref().set_nonblocking(true).expect("a socket");
        let silent = self.0.fill_buf().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.0.get_ref().set_nonblocking(false).expect("a socket");
        silent
    }

    /// Everything up to an empty line.
    fn block(&mut self, empty: &str) -> String {
        let mut block = String::new();
        loop {
            let before = block.len();
            let read = self.0.read_line(&mut block).expect("text");
            if read == 0 || &block[before..] == empty {
                return block;
            }
        }
    }
}
