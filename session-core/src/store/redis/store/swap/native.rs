//! Compare-and-swap by the server's own command.
//!
//! It moves the bytes and compares them, and does nothing else; the server hashes each argument of a script, and copies it.
//! So also a large record is sent as a whole, although it comes back with the answer: a hash would cost both sides more.

use redis::{Cmd, Value};

use super::{New, Swapped};

/// Makes the command. It answers what was stored before, whether it wrote or not.
pub(super) fn command(key: &str, expected: Option<&[u8]>, (bytes, seconds): New<'_>) -> Cmd {
    // Made in one piece: to grow it step by step would copy the records several times.
    let length = key.len() + bytes.len() + expected.map_or(0, <[u8]>::len) + SHORT_ARGUMENTS;
    let mut command = Cmd::with_capacity(8, length);
    command.arg("SET").arg(key).arg(bytes);
    match expected {
        None => command.arg("NX"),
        Some(record) => command.arg("IFEQ").arg(record),
    };
    command.arg("GET");
    match seconds {
        Some(seconds) => command.arg("EX").arg(seconds),
        None => command.arg("KEEPTTL"),
    };
    command
}

/// Room for words and numbers.
const SHORT_ARGUMENTS: usize = 64;

/// Reads the answer.
pub(super) fn read(expected: Option<&[u8]>, before: Value) -> Swapped {
    if has_written(expected, &before) { Swapped::Done } else { Swapped::Conflict(before) }
}

/// Tells whether the command has written, which it does where it finds what was expected.
pub(super) fn has_written(expected: Option<&[u8]>, before: &Value) -> bool {
    match (expected, before) {
        (None, Value::Nil) => true,
        (Some(expected), Value::BulkString(before)) => expected == before,
        _ => false,
    }
}
