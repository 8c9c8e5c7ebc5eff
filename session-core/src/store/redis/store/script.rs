//! Compare-and-swap as one command.

use std::borrow::Cow;

use redis::{Cmd, ErrorKind, ServerErrorKind, Value, cmd};
use sha1::{Digest, Sha1};

use super::channel;
use super::connection::{Connection, Server};
use super::failed::Failed;
use crate::store::Call;

/// Up to so many bytes the expected record itself is sent, beyond that its SHA-1. Copying is cheaper than
/// hashing for both sides, hundreds of times so on processors without instructions for SHA-1; but the network
/// should not carry large records once more.
const SENT_WHOLE: usize = 32 * 1024;

/// The script, and the digest by which the server knows it.
pub(super) struct SwapScript {
    sha1: String,
}

impl SwapScript {
    const SOURCE: &str = include_str!("swap.lua");

    pub(super) fn new() -> Self {
        SwapScript { sha1: sha1_hex(Self::SOURCE.as_bytes()) }
    }

    /// Makes a server know the script; returns whether it computes the same digest.
    pub(super) async fn load(&self, server: &Server<'_>, call: Call) -> Result<bool, Failed> {
        let answer = server.send(call, cmd("SCRIPT").arg("LOAD").arg(Self::SOURCE).take()).await?;
        Ok(answer == Value::BulkString(self.sha1.clone().into_bytes()))
    }

    /// Swaps; the answers are described in the script.
    pub(super) async fn run(
        &self,
        connection: &Connection,
        call: Call,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<(&[u8], Option<u64>)>,
    ) -> Result<Value, Failed> {
        let (kind, expected): (&str, Cow<'_, [u8]>) = match expected {
            None => ("absent", Cow::default()),
            Some(record) if record.len() <= SENT_WHOLE => ("record", record.into()),
            Some(record) => ("sha1", sha1_hex(record).into_bytes().into()),
        };
        let new_length = new.map_or(0, |(bytes, _)| bytes.len());
        let told = new.is_none().then(|| channel::of(key));
        let command = |verb: &str, script: &str| -> Cmd {
            // Made in one piece: to grow it step by step would copy the records several times.
            let length = script.len() + key.len() + expected.len() + new_length + SHORT_ARGUMENTS;
            let mut command = Cmd::with_capacity(8, length);
            command.arg(verb).arg(script).arg(1).arg(key).arg(kind).arg(&*expected);
            if let Some((bytes, seconds)) = new {
                command.arg(bytes).arg(seconds);
            }
            if let Some(channel) = &told {
                command.arg("").arg("").arg(channel);
            }
            command
        };
        match connection.send(call, key, command("EVALSHA", &self.sha1)).await {
            // Nothing has happened: the server has restarted, failed over or flushed its scripts. EVAL
            // runs the source and keeps it for next time.
            Err(failed) if failed.error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                connection.send(call, key, command("EVAL", Self::SOURCE)).await
            }
            answer => answer,
        }
    }
}

/// Room for a command's name, numbers, the kind of the expected record, and a channel.
const SHORT_ARGUMENTS: usize = 160;

fn sha1_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha1::digest(bytes))
}
