//! Enough of HTTP/1.1 to ask one server for small pages over connections that stay open.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::Result;

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Response {
    pub(crate) status: u16,
    /// Name and value of the first cookie that was set.
    pub(crate) cookie: Option<String>,
}

impl Connection {
    pub(crate) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::new() })
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Response> {
        self.send(request)?;
        self.receive()
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(request)?)
    }

    pub(crate) fn receive(&mut self) -> Result<Response> {
        self.buffer.clear();
        let mut chunk = [0; 4096];
        loop {
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
            let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let head = std::str::from_utf8(&self.buffer[..end])?;
                let length: usize = header(head, "content-length").unwrap_or("0").parse()?;
                if self.buffer.len() >= end + 4 + length {
                    return Response::read(head);
                }
            }
        }
    }
}

impl Response {
    fn read(head: &str) -> Result<Self> {
        let status = head.split(' ').nth(1).ok_or("a response without a status")?.parse()?;
        let cookie = header(head, "set-cookie").and_then(|cookie| cookie.split(';').next());
        Ok(Response { status, cookie: cookie.map(str::to_owned) })
    }
}

/// The bytes of a request for a page, as a browser's, with a cookie.
pub(crate) fn get(path: &str, cookie: Option<&str>) -> Vec<u8> {
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: text/html,*/*;q=0.8\r\n\
         Accept-Encoding: gzip, deflate\r\nAccept-Language: en\r\n"
    );
    if let Some(cookie) = cookie {
        request.push_str(&format!("Cookie: {cookie}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes()
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}
