//! Signatures made without the library, so that what it would never sign gets past them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The message with the signature that itsdangerous would give it in a session cookie.
pub fn signed_by_flask(secret: &[u8], message: &str) -> String {
    let key = hmac(secret, b"cookie-session");
    let signature = URL_SAFE_NO_PAD.encode(hmac(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha1>::new_from_slice(key).expect("a key may have any length");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}
