//! The handle by which events name a session.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Makes the handles of sessions. Without a `secret_key` the hash is not secret, and an id still can't be found by it: it is
/// random, and longer than anybody can try.
pub(super) struct Mask(Hmac<Sha256>);

impl Mask {
    pub(super) fn new(key: Option<&[u8]>) -> Self {
        Mask(keyed(key.unwrap_or_default()).chain_update("rocket_session_state event"))
    }

    /// The first eight hex digits.
    pub(super) fn handle(&self, id: &str) -> String {
        let code = self.0.clone().chain_update(id).finalize().into_bytes();
        code.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length; keys come from the configuration")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}
