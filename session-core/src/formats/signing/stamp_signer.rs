//! The code of a user's stamp, which a session keeps in place of the stamp.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Makes and checks codes of stamps, each for one user.
///
/// A code tells nothing of the stamp, which may be the hash of a password, and can't be made without the key. A session in
/// a store needs no key: its record is not in the visitor's hands. Then the key is a constant, and codes of that are
/// accepted when there is a key later.
pub(crate) struct StampSigner {
    /// The key that makes codes, then those that are only accepted.
    keys: Vec<Hmac<Sha256>>,
}

impl StampSigner {
    pub(crate) fn new<'k>(
        key: Option<&'k [u8]>,
        fallbacks: impl DoubleEndedIterator<Item = &'k [u8]>,
    ) -> Self {
        let (makes, accepted) = match key {
            Some(key) => (key, Some(&b""[..])),
            None => (&b""[..], None),
        };
        let secrets = [makes].into_iter().chain(fallbacks.rev()).chain(accepted);
        StampSigner { keys: secrets.map(|secret| keyed(&derived(secret))).collect() }
    }

    pub(crate) fn code(&self, user: &str, stamp: &[u8]) -> String {
        let code = self.keys.first().map(|key| coded(key, user, stamp).finalize().into_bytes());
        code.map_or_else(String::new, |code| URL_SAFE_NO_PAD.encode(code))
    }

    /// Tells whether a code is that of the stamp, and then whether today's key made it. How long that takes says nothing of
    /// how much of it was right.
    pub(crate) fn check(&self, code: &str, user: &str, stamp: &[u8]) -> Option<bool> {
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        let made_by = |key: &Hmac<Sha256>| coded(key, user, stamp).verify_slice(&code).is_ok();
        self.keys.iter().position(made_by).map(|key| key == 0)
    }
}

fn coded(key: &Hmac<Sha256>, user: &str, stamp: &[u8]) -> Hmac<Sha256> {
    // The user's part has one length, so the two can't be cut differently.
    key.clone().chain_update(user).chain_update(stamp)
}

fn derived(secret: &[u8]) -> Vec<u8> {
    keyed(secret).chain_update("rocket_session_state stamp").finalize().into_bytes().to_vec()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length; keys come from the configuration")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";

    fn signer(key: Option<&'static str>, fallbacks: &[&'static str]) -> StampSigner {
        StampSigner::new(key.map(str::as_bytes), fallbacks.iter().map(|key| key.as_bytes()))
    }

    #[test]
    fn a_code_is_that_of_one_stamp_one_user_and_one_key() {
        let code = signer(Some("key"), &[]).code(USER, b"stamp");
        let check = |key, user: &str, stamp: &[u8]| signer(Some(key), &[]).check(&code, user, stamp);
        assert_eq!(check("key", USER, b"stamp"), Some(true));
        assert_eq!(check("key", USER, b"other"), None);
        assert_eq!(check("key", USER, b""), None);
        assert_eq!(check("key", &USER.replace('5', "6"), b"stamp"), None);
        assert_eq!(check("other", USER, b"stamp"), None);
        assert!(!code.contains("stamp"));
        for spoilt in ["", "=", &code[1..], &format!("{code}A"), &code.to_lowercase()] {
            assert_eq!(signer(Some("key"), &[]).check(spoilt, USER, b"stamp"), None, "{spoilt}");
        }
    }

    #[test]
    fn codes_of_older_keys_and_from_before_there_was_a_key_are_accepted_and_known_as_old() {
        let with_key = signer(Some("key"), &["oldest", "older"]);
        for old in [signer(Some("older"), &[]), signer(Some("oldest"), &[]), signer(None, &[])] {
            assert_eq!(with_key.check(&old.code(USER, b"stamp"), USER, b"stamp"), Some(false));
        }
        let without_key = signer(None, &["next"]);
        assert_eq!(without_key.check(&signer(None, &[]).code(USER, b"s"), USER, b"s"), Some(true));
        // So that a key can be told to all processes before the first of them makes codes with it.
        assert_eq!(without_key.check(&signer(Some("next"), &[]).code(USER, b"s"), USER, b"s"), Some(false));
    }
}
