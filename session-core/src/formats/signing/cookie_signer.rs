//! Flask's signed cookie: the whole session and the time of signing.

use std::time::{Duration, SystemTime};

use super::hmac_keys::{HmacKeys, Signed};
use super::{Invalid, Unreadable, payload, timestamp};

/// Twice what browsers keep (4096 bytes), for clients that keep more: Flask only warns.
pub(crate) const LONGEST: usize = 8192;

/// Signs and verifies Flask's session cookie (salt `cookie-session`).
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// # use rocket_session_state_core::signing::{CookieSigner, Invalid};
///
/// let signer = CookieSigner::new(b"dev-secret-key", []);
/// let signed_at = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
/// let json = br#"{"_permanent":true,"username":"momo"}"#;
///
/// let cookie = signer.sign(json, signed_at)?;
/// assert_eq!(
///     cookie,
///     "eyJfcGVybWFuZW50Ijp0cnVlLCJ1c2VybmFtZSI6Im1vbW8ifQ.ZZN9JQ.IOuwwFj8Trp-08mTFwE3opL3xu8"
/// );
///
/// let hour = Duration::from_secs(3600);
/// assert_eq!(signer.verify(&cookie, signed_at + hour, hour).as_deref(), Ok(json.as_slice()));
/// let too_late = signed_at + hour + Duration::from_secs(1);
/// assert_eq!(signer.verify(&cookie, too_late, hour), Err(Invalid::Expired));
/// # Ok::<(), rocket_session_state_core::signing::Unreadable>(())
/// ```
#[derive(Debug, Clone)]
pub struct CookieSigner(HmacKeys);

/// A cookie whose signature is good, and not too old.
pub(crate) struct Verified {
    pub(crate) json: Vec<u8>,
    /// The second in which it was signed.
    pub(crate) signed_at: SystemTime,
    /// The key that signs today made the signature, not an older one.
    pub(crate) is_current: bool,
}

impl CookieSigner {
    /// A signer that signs with `key` and verifies with `key` and `fallbacks`.
    ///
    /// Fallbacks are older keys, the newest last, as in `SECRET_KEY_FALLBACKS`.
    pub fn new<'k>(key: &[u8], fallbacks: impl IntoIterator<Item = &'k [u8]>) -> Self {
        CookieSigner(HmacKeys::new("cookie-session", key, fallbacks))
    }

    /// The cookie value for a session's JSON, compressed if that makes it shorter.
    ///
    /// The same JSON gives the same cookie within one second. A time before 1970 counts as 1970.
    ///
    /// # Errors
    ///
    /// [`verify`](Self::verify) would not read the cookie.
    pub fn sign(&self, json: &[u8], now: SystemTime) -> Result<String, Unreadable> {
        if json.len() > payload::INFLATED_LIMIT {
            return Err(Unreadable::Json { bytes: json.len(), limit: payload::INFLATED_LIMIT });
        }
        let mut message = String::with_capacity(json.len() / 3 * 4 + 48);
        payload::push(json, &mut message);
        message.push('.');
        timestamp::push(now, &mut message);
        let cookie = self.0.sign(message);
        if cookie.len() > LONGEST {
            return Err(Unreadable::Value { bytes: cookie.len(), limit: LONGEST });
        }
        Ok(cookie)
    }

    /// The JSON of a cookie that one of the keys signed at most `lifetime` ago.
    ///
    /// Age and lifetime are whole seconds, and a cookie as old as the lifetime is still good. The
    /// JSON itself is not looked at.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`Invalid`]. Cookies of more than 8192 bytes are
    /// refused unread, and so is what would inflate to more than 1 MiB.
    pub fn verify(&self, cookie: &str, now: SystemTime, lifetime: Duration) -> Result<Vec<u8>, Invalid> {
        self.verify_dated(cookie, now, lifetime).map(|verified| verified.json)
    }

    /// As [`verify`](Self::verify), and tells when and with which key the cookie was signed.
    pub(crate) fn verify_dated(
        &self,
        cookie: &str,
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<Verified, Invalid> {
        if cookie.len() > LONGEST {
            return Err(Invalid::TooLong);
        }
        let Signed { message, is_current } = self.0.verify(cookie)?;
        let (payload, timestamp) = message.rsplit_once('.').ok_or(Invalid::TimestampMissing)?;
        let signed_at = timestamp::check(timestamp, now, lifetime)?;
        Ok(Verified { json: payload::read(payload)?, signed_at, is_current })
    }
}
