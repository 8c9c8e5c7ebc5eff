//! A private Redis server that counts its commands.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::process::{Process, free_port};

pub(crate) struct Redis {
    process: Process,
}

/// The number of times each command was run. Commands inside a script count too, beside the script itself.
pub(crate) type Commands = BTreeMap<String, u64>;

impl Redis {
    /// Starts one that writes nothing to the disk but its log.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder);
        let process = Process::start(&mut command, port, &folder.join(format!("redis-{port}.log")))?;
        Ok(Redis { process })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.process.port())
    }

    /// Nanoseconds of processor time that it has used so far.
    pub(crate) fn cpu_nanos(&self) -> Result<u64> {
        self.process.cpu_nanos()
    }

    pub(crate) fn commands(&self) -> Result<Commands> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.process.port()))?;
        stream.write_all(b"INFO commandstats\r\n")?;
        let mut answer = BufReader::new(stream);
        let mut length = String::new();
        answer.read_line(&mut length)?;
        let mut text = vec![0; length.trim().trim_start_matches('$').parse()?];
        answer.read_exact(&mut text)?;
        let text = String::from_utf8(text)?;
        let calls = |line: &str| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let calls = rest.split(',').next()?.parse().ok()?;
            (name != "info").then(|| (name.to_owned(), calls))
        };
        Ok(text.lines().filter_map(calls).collect())
    }
}
