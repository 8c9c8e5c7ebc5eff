//! Session ids: random text that is the key to somebody's session.

use std::fmt;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A well-formed session id: letters, digits, `-` and `_`.
///
/// Anyone who has an id is logged in as its user, so it is never printed: there is no `Display`, and `Debug`
/// leaves the text out.
///
/// ```
/// # use rocket_session_state_core::id::SessionId;
/// let id = SessionId::generate(32)?;
/// assert_eq!(id.as_str().len(), SessionId::characters(32));
/// assert_eq!(format!("{id:?}"), "SessionId(..)");
/// assert_eq!(SessionId::parse(id.as_str(), &[43]), Some(id));
/// assert_eq!(SessionId::parse("../../etc/passwd", &[16]), None);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// Makes a new id from `bytes` random bytes of the operating system (`session_id_length`).
    ///
    /// # Errors
    ///
    /// The operating system has no random bytes.
    pub fn generate(bytes: usize) -> io::Result<Self> {
        let mut random = vec![0; bytes];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        Ok(SessionId(URL_SAFE_NO_PAD.encode(random).into()))
    }

    /// Reads an id that a client sent. `None` if its length in characters is not one of `lengths`, or if it has other
    /// characters than an id.
    ///
    /// Flask-Session looks up any text in its store. Here, a text that can't be an id costs no store access.
    pub fn parse(text: &str, lengths: &[usize]) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
        // Without an early exit at the first bad byte, the compiler checks many bytes at once.
        let all_good = || text.bytes().fold(true, |all_good, byte| all_good & good(byte));
        (lengths.contains(&text.len()) && all_good()).then(|| SessionId(text.into()))
    }

    /// Takes the base64 of a digest for an id. It names no session.
    pub(crate) fn of_digest(text: String) -> Self {
        SessionId(text.into())
    }

    /// Returns the length in characters of an id of `bytes` random bytes: 43 for 32.
    pub const fn characters(bytes: usize) -> usize {
        bytes.saturating_mul(4).div_ceil(3)
    }

    /// Returns the id itself. Keep it out of logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never shows the id.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}
