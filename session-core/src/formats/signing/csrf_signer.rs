//! Flask-WTF's token against forged requests: a secret of the session and the time of signing.

use std::io;
use std::time::{Duration, SystemTime};

use super::hmac_keys::{HmacKeys, Signed};
use super::{Invalid, payload, timestamp};
use crate::formats::codec::Format;
use crate::formats::value::Value;

/// A token of a secret of 40 characters, which is what Flask-WTF makes, has 91.
const LONGEST: usize = 512;

/// Signs and verifies Flask-WTF's tokens (salt `wtf-csrf-token`).
///
/// The secret is kept in the session, and each form gets it signed: a page of another site can neither read the one
/// nor make the other. It is ASCII text, without which Flask-WTF compares nothing.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// # use rocket_session_state_core::signing::{CsrfSigner, Invalid};
///
/// let signer = CsrfSigner::new(b"dev-secret-key");
/// let signed_at = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
/// let secret = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
///
/// let token = signer.sign(secret, signed_at);
/// assert_eq!(
///     token,
///     "ImRhMzlhM2VlNWU2YjRiMGQzMjU1YmZlZjk1NjAxODkwYWZkODA3MDki.ZZN9JQ.5t1jronmOCIlCbFN_k4nPA7dD6A"
/// );
///
/// let hour = Duration::from_secs(3600);
/// assert_eq!(signer.verify(&token, secret, signed_at + hour, Some(hour)), Ok(()));
/// let too_late = signed_at + hour + Duration::from_secs(1);
/// assert_eq!(signer.verify(&token, secret, too_late, Some(hour)), Err(Invalid::Expired));
/// assert_eq!(signer.verify(&token, secret, too_late, None), Ok(()));
/// assert_eq!(signer.verify(&token, "another", signed_at, None), Err(Invalid::OtherSecret));
/// ```
#[derive(Debug, Clone)]
pub struct CsrfSigner(HmacKeys);

impl CsrfSigner {
    /// A signer with this key. Flask-WTF does not look at older keys.
    pub fn new(key: &[u8]) -> Self {
        CsrfSigner(HmacKeys::concatenated("wtf-csrf-token", key))
    }

    /// A new secret for a session: 160 random bits as hex text, which has the form of Flask-WTF's.
    ///
    /// # Errors
    ///
    /// The operating system can't give random bytes.
    pub fn new_secret() -> io::Result<String> {
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The token for a session's secret. It is the same within one second.
    pub fn sign(&self, secret: &str, now: SystemTime) -> String {
        let mut message = String::with_capacity(LONGEST / 4);
        payload::push(&json(secret), &mut message);
        message.push('.');
        timestamp::push(now, &mut message);
        self.0.sign(message)
    }

    /// Checks that this key signed the token for this secret, at most `time_limit` ago where there is a limit.
    ///
    /// Age and limit are whole seconds, and a token as old as the limit is still good. How long the comparison with the
    /// secret takes does not tell how much of it was right.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`Invalid`]. Tokens of more than 512 bytes are refused unread.
    pub fn verify(
        &self,
        token: &str,
        secret: &str,
        now: SystemTime,
        time_limit: Option<Duration>,
    ) -> Result<(), Invalid> {
        if token.len() > LONGEST {
            return Err(Invalid::TooLong);
        }
        let Signed { message, .. } = self.0.verify(token)?;
        let (payload, timestamp) = message.rsplit_once('.').ok_or(Invalid::TimestampMissing)?;
        match time_limit {
            Some(limit) => {
                timestamp::check(timestamp, now, limit)?;
            }
            None => {
                timestamp::signed_at(timestamp)?;
            }
        }
        let signed = payload::read(payload)?;
        if self.0.is_same(&signed, &json(secret)) { Ok(()) } else { Err(Invalid::OtherSecret) }
    }
}

/// The secret as itsdangerous signs it. Any text has a form.
fn json(secret: &str) -> Vec<u8> {
    Format::TaggedJson.encode(&Value::Str(secret.to_owned())).unwrap_or_default()
}
