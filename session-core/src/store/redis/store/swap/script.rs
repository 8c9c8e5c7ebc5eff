//! Compare-and-swap by a script.

use std::borrow::Cow;

use redis::{Cmd, Value, cmd};
use sha1::{Digest, Sha1};

use super::{New, Swapped};
use crate::store::Call;
use crate::store::redis::store::channel;
use crate::store::redis::store::connection::Server;
use crate::store::redis::store::failed::Failed;

/// Up to so many bytes the expected record itself is sent, beyond that its SHA-1. Copying is cheaper than
/// hashing for both sides, hundreds of times so on processors without instructions for SHA-1; but the network
/// should not carry large records once more.
const SENT_WHOLE: usize = 32 * 1024;

/// The script, and the digest by which the server knows it.
pub(in super::super) struct SwapScript {
    sha1: String,
}

impl SwapScript {
    const SOURCE: &str = include_str!("swap.lua");

    pub(in super::super) fn new() -> Self {
        SwapScript { sha1: sha1_hex(Self::SOURCE.as_bytes()) }
    }

    /// Makes a server know the script; returns whether it computes the same digest.
    pub(in super::super) async fn load(&self, server: &Server<'_>, call: Call) -> Result<bool, Failed> {
        let answer = server.send(call, cmd("SCRIPT").arg("LOAD").arg(Self::SOURCE).take()).await?;
        Ok(answer == Value::BulkString(self.sha1.clone().into_bytes()))
    }

    /// Makes the command that runs the script. With its source, the server keeps it for the next time.
    pub(super) fn command(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<New<'_>>,
        with_source: bool,
    ) -> Cmd {
        let (verb, script) = if with_source { ("EVAL", Self::SOURCE) } else { ("EVALSHA", &*self.sha1) };
        let (kind, expected): (&str, Cow<'_, [u8]>) = match expected {
            None => ("absent", Cow::default()),
            Some(record) if record.len() <= SENT_WHOLE => ("record", record.into()),
            Some(record) => ("sha1", sha1_hex(record).into_bytes().into()),
        };
        let new_length = new.map_or(0, |(bytes, _)| bytes.len());
        // Made in one piece: to grow it step by step would copy the records several times.
        let length = script.len() + key.len() + expected.len() + new_length + SHORT_ARGUMENTS;
        let mut command = Cmd::with_capacity(8, length);
        command.arg(verb).arg(script).arg(1).arg(key).arg(kind).arg(&*expected);
        match new {
            Some((bytes, seconds)) => command.arg(bytes).arg(seconds),
            None => command.arg("").arg("").arg(channel::of(key)),
        };
        command
    }
}

/// Room for a command's name, numbers, the kind of the expected record, and a channel.
const SHORT_ARGUMENTS: usize = 160;

/// Tells from the answer whether the script has written.
pub(super) fn has_written(answer: &Value) -> bool {
    matches!(answer, Value::Int(1 | 2))
}

/// Reads the answer, as the script describes it.
pub(super) fn read(answer: Value) -> Swapped {
    match answer {
        Value::Int(1) => Swapped::Done,
        Value::Int(2) => Swapped::DoneUntold,
        stored => Swapped::Conflict(stored),
    }
}

fn sha1_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha1::digest(bytes))
}
