//! Session ids: random text that is the key to somebody's session.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A session id of good form: letters, digits, `-` and `_` (`flask-sessions` 3.4).
///
/// Who knows an id is logged in as its user, so it is never shown: there is no `Display`, and `Debug`
/// leaves the text out.
///
/// ```
/// use rocket_session_state_core::id::SessionId;
///
/// let id = SessionId::generate(32)?;
/// assert_eq!(id.as_str().len(), SessionId::characters(32));
/// assert_eq!(format!("{id:?}"), "SessionId(..)");
/// assert_eq!(SessionId::parse(id.as_str(), &[43]), Some(id));
/// assert_eq!(SessionId::parse("../../etc/passwd", &[16]), None);
/// # Ok::<(), getrandom::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// A new id from that many random bytes of the operating system (`session_id_length`).
    ///
    /// # Errors
    ///
    /// The operating system has no randomness to give.
    pub fn generate(bytes: usize) -> Result<Self, getrandom::Error> {
        let mut random = vec![0; bytes];
        getrandom::fill(&mut random)?;
        Ok(SessionId(URL_SAFE_NO_PAD.encode(random).into()))
    }

    /// The id that a client sent, if it has one of the accepted lengths, in characters, and holds
    /// nothing that an id never holds.
    ///
    /// Flask-Session takes any text to its store (B3); here, what can't be an id costs nothing.
    pub fn parse(text: &str, lengths: &[usize]) -> Option<Self> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
        // No way out at the first bad byte: so the compiler takes many at once.
        let all_good = || text.bytes().fold(true, |all_good, byte| all_good & good(byte));
        (lengths.contains(&text.len()) && all_good()).then(|| SessionId(text.into()))
    }

    /// How many characters an id of that many random bytes has: 43 for 32.
    pub const fn characters(bytes: usize) -> usize {
        bytes.saturating_mul(4).div_ceil(3)
    }

    /// The id itself. Keep it out of logs.
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
