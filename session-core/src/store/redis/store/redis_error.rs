//! Redis errors without what they quote.

use std::error::Error;
use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::driver_error::{DriverError, Verdict};

/// A server may repeat a command's arguments in its error, and the client library repeats the bytes that it
/// could not parse. Of those only the error's code is shown.
impl DriverError for RedisError {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            ErrorKind::Io => {
                f.write_str("the connection to Redis failed")?;
                f.write_str(advice(self).unwrap_or_default())
            }
            ErrorKind::Parse => f.write_str("the answer is not in Redis's protocol"),
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let code = self.code().filter(|code| is_code(code)).unwrap_or("an error");
                write!(f, "Redis answered {code}")?;
                match (code, self.detail()) {
                    ("ERR", Some(detail)) if is_unknown(detail, "SENTINEL") => {
                        f.write_str("; it is not a sentinel: name sentinels, whose port is mostly 26379")
                    }
                    _ if is_refused_database(self) => f.write_str(
                        ": it does not let us into the database: a login is missing, or it has fewer databases",
                    ),
                    ("ERR", Some(detail)) if detail.starts_with("unknown command") => {
                        f.write_str(": it does not know a command; version 6.2 or newer is needed")
                    }
                    ("ERR", Some(detail)) if detail.contains("cluster support disabled") => f.write_str(
                        ": the server is not part of a Redis Cluster; write its URL alone, not in a list",
                    ),
                    ("NOPERM", Some(detail)) => match refused_command(detail) {
                        Some(command) => write!(f, ": the user may not run {}", command.to_ascii_uppercase()),
                        None => f.write_str(": the user may not do that, or not with this key or channel"),
                    },
                    ("MOVED", _) => f.write_str(IN_CLUSTER),
                    ("WRONGTYPE", _) => f.write_str(": the key holds something else than a string"),
                    _ => Ok(()),
                }
            }
            // All others are made by the client library: a fixed text, then a detail.
            _ => {
                let text = self.to_string();
                let detail = self.detail().unwrap_or_default();
                let text = text.strip_suffix(detail).unwrap_or("Redis failed").trim_end_matches(": ");
                // Its kind, which the client adds, says nothing more.
                f.write_str(text.split(" - ").next().unwrap_or(text))
            }
        }
    }

    fn safe_source(&self) -> Option<&(dyn Error + 'static)> {
        if self.is_io_error() { self.source() } else { None }
    }

    fn verdict(&self) -> Verdict {
        use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown};

        match self.kind() {
            ErrorKind::Parse => Verdict::Garbled("Redis's protocol"),
            ErrorKind::Server(BusyLoading | ClusterDown | MasterDown) => Verdict::Away,
            // A script of somebody else has run for too long, or nobody has logged in: it answers everybody so.
            ErrorKind::Extension if matches!(self.code(), Some("BUSY" | "NOAUTH")) => Verdict::Away,
            // It comes of opening a connection, so every call gets it.
            ErrorKind::Server(_) if is_refused_database(self) => Verdict::Away,
            ErrorKind::Server(_) | ErrorKind::Extension => Verdict::Refused,
            _ => Verdict::Away,
        }
    }
}

/// Says what to write against a trouble of TLS whose text, which follows, only names it. That is text of rustls: its value
/// can't be had from the client's error.
fn advice(error: &RedisError) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 2] = [
        ("UnknownIssuer", " (name the file of the authority that vouches for it with session_redis_tls_ca)"),
        (
            "CertificateRequired",
            " (name the files of this application's certificate with session_redis_tls_cert and session_redis_tls_key)",
        ),
    ];
    let text = error.source()?.to_string();
    ADVICE.iter().find_map(|(name, advice)| text.contains(name).then_some(*advice))
}

pub(super) const IN_CLUSTER: &str = ": the server is one node of a Redis Cluster, which has a part of the keys; write a \
     list of addresses: [\"redis://host:port\", …], of one or more of its nodes";

/// Tells whether a server says `unknown command 'GETEX'`, in quotes of any kind.
fn is_unknown(detail: &str, command: &str) -> bool {
    let word = detail.strip_prefix("unknown command").map(|rest| rest.trim_start_matches([' ', '\'', '`']));
    word.is_some_and(|word| word.starts_with(command))
}

/// Tells whether a server has refused `SELECT` on a new connection.
fn is_refused_database(error: &RedisError) -> bool {
    error.to_string().starts_with("Redis server refused to switch database")
}

/// Tells whether a server has refused a write since it is a replica. Redis 6.2 hides that in the error of the script.
pub(super) fn is_read_only(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => error.detail().is_some_and(|detail| {
            detail.starts_with("Error running script") && detail.contains(" -READONLY ")
        }),
        _ => false,
    }
}

/// The error of what was waited for in vain.
pub(super) fn too_late() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

/// The error of a connection that is not there any more.
pub(super) fn broken() -> RedisError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}

/// Returns the command in `… has no permissions to run the 'getex' command`.
fn refused_command(detail: &str) -> Option<&str> {
    let (_, rest) = detail.split_once("to run the '")?;
    let (command, _) = rest.split_once('\'')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'|';
    (command.len() <= 32 && command.bytes().all(is_name)).then_some(command)
}

/// Tells whether a word from the server is a code like `WRONGTYPE`, and not just any text.
fn is_code(word: &str) -> bool {
    word.len() <= 16 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}
