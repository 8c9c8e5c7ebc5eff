//! The names of files.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

/// The names that a record's file may have.
pub(super) struct Names {
    /// By cachelib since 0.16, and here.
    pub(super) sha256: String,
    /// By cachelib up to 0.15.
    pub(super) md5: String,
}

impl Names {
    pub(super) fn of(key: &str) -> Names {
        Names { sha256: hex(&Sha256::digest(key)), md5: hex(&Md5::digest(key)) }
    }
}

/// The files in which cachelib keeps the number of files, by either of its hashes of `__wz_cache_count`.
pub(super) const COUNTS: [&str; 2] =
    ["79bc207ee04a581ab2348ca1f3494e64cd0ec36128735b8c6bc85ddd8fe1938c", "2029240f6d1128be89ddc32729463129"];

/// Whether a file of this name is a session, for us or for cachelib.
pub(super) fn is_session(name: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    matches!(name.len(), 64 | 32) && name.bytes().all(is_hex) && !COUNTS.contains(&name)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
