//! Keys that sign.

use std::fmt;

/// A key that signs cookies or session ids. It never shows itself.
///
/// ```
/// use rocket_session_state_core::config::SecretKey;
///
/// let key = SecretKey::from("correct horse battery staple");
/// assert_eq!(key.as_bytes().len(), 28);
/// assert!(!format!("{key:?}").contains("horse"));
/// ```
#[derive(Clone)]
pub struct SecretKey(Box<[u8]>);

impl SecretKey {
    /// A key of 32 bytes from the operating system's random source.
    ///
    /// # Errors
    ///
    /// Only where the operating system can't give random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(SecretKey(key.into()))
    }

    /// The bytes of the key; text is its UTF-8, as in Flask.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Why the key protects nothing, as the end of a sentence that begins with it.
    pub(crate) fn weakness(&self) -> Option<String> {
        match self.as_bytes() {
            short if short.len() < 16 => Some(format!("has only {} bytes", short.len())),
            [first, rest @ ..] if rest.iter().all(|byte| byte == first) => {
                Some("repeats a single byte".into())
            }
            _ => None,
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl From<&str> for SecretKey {
    fn from(key: &str) -> Self {
        SecretKey(key.as_bytes().into())
    }
}

impl From<String> for SecretKey {
    fn from(key: String) -> Self {
        SecretKey(key.into_bytes().into())
    }
}

impl From<&[u8]> for SecretKey {
    fn from(key: &[u8]) -> Self {
        SecretKey(key.into())
    }
}

impl<const N: usize> From<&[u8; N]> for SecretKey {
    fn from(key: &[u8; N]) -> Self {
        SecretKey(key.as_slice().into())
    }
}

impl From<Vec<u8>> for SecretKey {
    fn from(key: Vec<u8>) -> Self {
        SecretKey(key.into())
    }
}
