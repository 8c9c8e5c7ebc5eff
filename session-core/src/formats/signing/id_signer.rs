//! Flask-Session's signed session id.

use super::Invalid;
use super::hmac_keys::{HmacKeys, Signed};

/// An id of 255 characters, which is what Flask-Session's SQL column holds, and its signature take 283.
const LONGEST: usize = 512;

/// Signs and verifies session ids for `session_use_signer` (salt `flask-session`).
///
/// ```
/// # use rocket_session_state_core::signing::IdSigner;
/// let signer = IdSigner::new(b"dev-secret-key", []);
/// let cookie = signer.sign("short-id_1");
/// assert_eq!(cookie, "short-id_1.UhAcBUCgNUUfSx8EjZjbTwNqp-0");
/// assert_eq!(signer.verify(&cookie), Ok("short-id_1"));
/// ```
#[derive(Debug, Clone)]
pub struct IdSigner(HmacKeys);

impl IdSigner {
    /// A signer that signs with `key` and verifies with `key` and `fallbacks`.
    ///
    /// Flask-Session itself knows no fallbacks; give none to accept exactly what it accepts.
    pub fn new<'k>(key: &[u8], fallbacks: impl IntoIterator<Item = &'k [u8]>) -> Self {
        IdSigner(HmacKeys::new("flask-session", key, fallbacks))
    }

    /// The cookie value for an id.
    pub fn sign(&self, sid: &str) -> String {
        self.0.sign(sid.to_owned())
    }

    /// The id of a cookie that one of the keys signed. Its form is not looked at: see
    /// [`SessionId::parse`](crate::formats::id::SessionId::parse). The signature has no age.
    ///
    /// # Errors
    ///
    /// [`Invalid::TooLong`] (more than 512 bytes, refused unread), [`Invalid::NoSeparator`] or
    /// [`Invalid::BadSignature`].
    pub fn verify<'a>(&self, cookie: &'a str) -> Result<&'a str, Invalid> {
        self.verify_signed(cookie).map(|signed| signed.message)
    }

    /// As [`verify`](Self::verify), and tells whether the key was today's.
    pub(crate) fn verify_signed<'a>(&self, cookie: &'a str) -> Result<Signed<'a>, Invalid> {
        if cookie.len() > LONGEST { Err(Invalid::TooLong) } else { self.0.verify(cookie) }
    }
}
