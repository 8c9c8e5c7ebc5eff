//! The time at which a cookie was signed: whole seconds since 1970, and the age that follows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;

use super::{BASE64, Invalid};
use crate::formats::time::{LAST_SECOND, later};

/// Appends the present second: big-endian, without leading zero bytes, in base64.
pub(super) fn push(now: SystemTime, text: &mut String) {
    let bytes = unix_seconds(now).to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    BASE64.encode_string(bytes.get(zeros..).unwrap_or_default(), text);
}

/// Reads a timestamp, and refuses one that is too old or from the future.
///
/// There is no allowance for clocks that differ, since Flask has none.
pub(super) fn check(timestamp: &str, now: SystemTime, lifetime: Duration) -> Result<SystemTime, Invalid> {
    let signed = signed_at(timestamp)?;
    let age = unix_seconds(now).checked_sub(signed).ok_or(Invalid::Future)?;
    if age > lifetime.as_secs() {
        return Err(Invalid::Expired);
    }
    Ok(later(UNIX_EPOCH, Duration::from_secs(signed)))
}

/// Returns the second that a timestamp names.
pub(super) fn signed_at(timestamp: &str) -> Result<u64, Invalid> {
    let signed = seconds(timestamp).ok_or(Invalid::MalformedTimestamp)?;
    if signed > LAST_SECOND.unsigned_abs() { Err(Invalid::TimestampOutOfRange) } else { Ok(signed) }
}

/// Reads a timestamp. No bytes at all are zero; leading zero bytes are read although they are never written.
fn seconds(timestamp: &str) -> Option<u64> {
    let bytes = BASE64.decode(timestamp).ok()?;
    let mut padded = [0; 8];
    let zeros = padded.len().checked_sub(bytes.len())?;
    padded.get_mut(zeros..)?.copy_from_slice(&bytes);
    Some(u64::from_be_bytes(padded))
}

/// Returns the seconds since 1970. The format knows no earlier time; a clock that is there counts as 1970.
fn unix_seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
