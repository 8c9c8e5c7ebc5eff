//! Flask-Login's remember-me cookie: a user's id and its code.

use std::fmt;
use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use sha2::Sha512;

use super::Invalid;

/// Browsers keep 4,096 bytes of a cookie, its name included.
const LONGEST: usize = 4096;

/// Characters of an HMAC-SHA512 in hex.
const CODE_CHARACTERS: usize = 128;

/// Signs and verifies the cookie `remember_token`, as Flask-Login's `encode_cookie` and `decode_cookie` do:
/// the user's id, `|`, and the HMAC-SHA512 of the id in hex.
///
/// The cookie has no age, and no key but the one that signs accepts it: Flask-Login looks at no older keys.
///
/// ```
/// # use rocket_session_state_core::signing::{Invalid, RememberSigner};
/// let signer = RememberSigner::new(b"dev-secret-key");
/// let cookie = signer.sign("momo");
/// assert!(cookie.starts_with("momo|7d5df08b63d2"), "{cookie}");
/// assert_eq!(signer.verify(&cookie), Ok("momo"));
/// assert_eq!(signer.verify(&cookie.replace("momo", "lili")), Err(Invalid::BadSignature));
/// ```
#[derive(Clone)]
pub struct RememberSigner {
    signing: Hmac<Sha512>,
    /// The same key as bytes, where it was text that Flask-Login reads otherwise.
    as_bytes: Option<Hmac<Sha512>>,
}

impl RememberSigner {
    /// A signer with this key, of which text is the UTF-8.
    ///
    /// Of a key that is text Flask-Login takes the Latin-1, where all other signatures take the UTF-8. The difference shows
    /// with letters such as `é` alone. Whether such bytes were text nobody knows, so what was signed with either is
    /// accepted: both take the same secret to make.
    pub fn new(key: &[u8]) -> Self {
        match latin1(key) {
            Some(latin1) => RememberSigner { signing: keyed(&latin1), as_bytes: Some(keyed(key)) },
            None => RememberSigner { signing: keyed(key), as_bytes: None },
        }
    }

    /// Returns the value of the cookie for the user with this id.
    pub fn sign(&self, user: &str) -> String {
        let code = self.signing.clone().chain_update(user).finalize().into_bytes();
        let mut cookie = String::with_capacity(user.len() + 1 + CODE_CHARACTERS);
        cookie.push_str(user);
        cookie.push('|');
        for byte in code {
            // Writing to a String can't fail.
            let _ = write!(cookie, "{byte:02x}");
        }
        cookie
    }

    /// Returns the id of the user in a cookie that this key has signed. How long that takes says nothing of how much of the
    /// code is right.
    ///
    /// # Errors
    ///
    /// [`Invalid::TooLong`] (more than 4,096 bytes, refused unread), [`Invalid::NoSeparator`] or
    /// [`Invalid::BadSignature`].
    pub fn verify<'a>(&self, cookie: &'a str) -> Result<&'a str, Invalid> {
        if cookie.len() > LONGEST {
            return Err(Invalid::TooLong);
        }
        let (user, code) = cookie.rsplit_once('|').ok_or(Invalid::NoSeparator)?;
        let code = from_hex(code).ok_or(Invalid::BadSignature)?;
        let made_by = |key: &Hmac<Sha512>| key.clone().chain_update(user).verify_slice(&code).is_ok();
        let is_good = made_by(&self.signing) || self.as_bytes.as_ref().is_some_and(made_by);
        if is_good { Ok(user) } else { Err(Invalid::BadSignature) }
    }
}

/// Never shows the key.
impl fmt::Debug for RememberSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberSigner").finish_non_exhaustive()
    }
}

/// Returns the Latin-1 of UTF-8 text, where that is something else.
fn latin1(key: &[u8]) -> Option<Vec<u8>> {
    if key.is_ascii() {
        return None;
    }
    std::str::from_utf8(key).ok()?.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

/// Reads a code in the one spelling that Python gives it.
fn from_hex(code: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if code.len() != CODE_CHARACTERS {
        return None;
    }
    let (pairs, _) = code.as_bytes().as_chunks::<2>();
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length; keys come from the configuration")]
fn keyed(key: &[u8]) -> Hmac<Sha512> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}
