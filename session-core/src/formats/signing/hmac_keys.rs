//! The HMAC keys of one salt.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha1::{Digest, Sha1};

use super::Invalid;

/// A base64 signature: 20 bytes of HMAC-SHA1 without padding.
pub(super) const SIGNATURE_CHARACTERS: usize = 27;

/// The keys that sign and verify `message "." signature`.
///
/// Each key is kept as an HMAC that has already taken it in, which is half of an HMAC's work on short
/// messages; one use is one clone.
#[derive(Clone)]
pub(super) struct HmacKeys {
    signing: Hmac<Sha1>,
    fallbacks: Vec<Hmac<Sha1>>,
}

/// A message whose signature is good.
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a str,
    /// The key that signs today made the signature, not an older one.
    pub(crate) is_current: bool,
}

impl HmacKeys {
    pub(super) fn new<'k>(salt: &str, key: &[u8], fallbacks: impl IntoIterator<Item = &'k [u8]>) -> Self {
        let derived = |secret: &[u8]| keyed(&keyed(secret).chain_update(salt).finalize().into_bytes());
        let mut fallbacks: Vec<_> = fallbacks.into_iter().map(derived).collect();
        fallbacks.reverse(); // tried from last to first: newer keys are at the end
        HmacKeys { signing: derived(key), fallbacks }
    }

    /// One key, derived in the way that itsdangerous has where nothing else is asked of it (`django-concat`): Flask and
    /// Flask-Session ask for an HMAC, Flask-WTF asks for nothing.
    pub(super) fn concatenated(salt: &str, key: &[u8]) -> Self {
        let derived = Sha1::new().chain_update(salt).chain_update("signer").chain_update(key).finalize();
        HmacKeys { signing: keyed(&derived), fallbacks: Vec::new() }
    }

    /// Tells whether two texts are the same, in a time that does not say how much of them is.
    pub(super) fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        let code = |text: &[u8]| self.signing.clone().chain_update(text).finalize();
        code(one) == code(other)
    }

    /// The message with its signature appended.
    pub(super) fn sign(&self, mut message: String) -> String {
        let signature = self.signing.clone().chain_update(&message).finalize().into_bytes();
        message.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut message);
        message
    }

    /// The message, if one of the keys signed it.
    pub(super) fn verify<'a>(&self, signed: &'a str) -> Result<Signed<'a>, Invalid> {
        let (message, signature) = signed.rsplit_once('.').ok_or(Invalid::NoSeparator)?;
        if signature.len() != SIGNATURE_CHARACTERS {
            return Err(Invalid::BadSignature);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid::BadSignature)?;
        let made_by = |key: &Hmac<Sha1>| key.clone().chain_update(message).verify_slice(&signature).is_ok();
        let is_current = made_by(&self.signing);
        if is_current || self.fallbacks.iter().any(made_by) {
            Ok(Signed { message, is_current })
        } else {
            Err(Invalid::BadSignature)
        }
    }
}

/// Never shows a key.
impl fmt::Debug for HmacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("fallbacks", &self.fallbacks.len()).finish_non_exhaustive()
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length; keys come from the configuration")]
fn keyed(key: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}
