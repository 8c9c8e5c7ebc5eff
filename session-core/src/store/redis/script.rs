//! Compare-and-swap as one command.

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value, cmd};
use sha1::{Digest, Sha1};

use super::link::Link;
use crate::store::Call;

/// The script, and the digest by which the server knows it.
pub(super) struct SwapScript {
    sha1: String,
}

impl SwapScript {
    const SOURCE: &str = include_str!("swap.lua");

    pub(super) fn new() -> Self {
        SwapScript { sha1: sha1_hex(Self::SOURCE.as_bytes()) }
    }

    /// Makes the server know the script; whether it computes the same digest.
    pub(super) async fn load(&self, link: &Link, call: Call) -> RedisResult<bool> {
        let answer = link.send(call, cmd("SCRIPT").arg("LOAD").arg(Self::SOURCE)).await?;
        Ok(answer == Value::BulkString(self.sha1.clone().into_bytes()))
    }

    /// Swaps; the answers are described in the script.
    pub(super) async fn run(
        &self,
        link: &Link,
        call: Call,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<(&[u8], u64)>,
    ) -> RedisResult<Value> {
        let expected = expected.map(sha1_hex).unwrap_or_default();
        let command = |verb: &str, script: &str| -> Cmd {
            let mut command = cmd(verb);
            command.arg(script).arg(1).arg(key).arg(&expected);
            if let Some((bytes, seconds)) = new {
                command.arg(bytes).arg(seconds);
            }
            command
        };
        match link.send(call, &command("EVALSHA", &self.sha1)).await {
            // Nothing has happened: the server has restarted, failed over or flushed its scripts. EVAL
            // runs the source and keeps it for next time.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                link.send(call, &command("EVAL", Self::SOURCE)).await
            }
            answer => answer,
        }
    }
}

fn sha1_hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha1::digest(bytes))
}
