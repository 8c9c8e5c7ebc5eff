//! The names of files.

use md5::Md5;
use sha2::{Digest, Sha256};

/// The names that a record's file may have.
pub(super) struct Names {
    /// The name that cachelib gives since 0.16, and this store.
    pub(super) sha256: String,
    /// The name that cachelib gave up to 0.15.
    pub(super) md5: String,
}

impl Names {
    pub(super) fn of(key: &str) -> Names {
        Names { sha256: format!("{:x}", Sha256::digest(key)), md5: format!("{:x}", Md5::digest(key)) }
    }
}

/// The files in which cachelib keeps the number of files, by either of its hashes of `__wz_cache_count`.
pub(super) const COUNTS: [&str; 2] =
    ["79bc207ee04a581ab2348ca1f3494e64cd0ec36128735b8c6bc85ddd8fe1938c", "2029240f6d1128be89ddc32729463129"];

/// Tells whether a file of this name is a session, for us or for cachelib.
pub(super) fn is_session(name: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    matches!(name.len(), 64 | 32) && name.bytes().all(is_hex) && !COUNTS.contains(&name)
}
