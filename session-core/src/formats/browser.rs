//! The browser that a login belongs to, as Flask-Login names it in a session's `_id`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha512};

/// Returns Flask-Login's identifier of a browser: the SHA-512, in hex, of its address and its `User-Agent`.
///
/// `forwarded` is the header `X-Forwarded-For`, of which Flask-Login believes the first address, whoever has sent it; without
/// it the `peer` counts, the address of who has connected.
///
/// ```
/// # use rocket_session_state_core::browser::identifier;
/// let direct = identifier(None, Some("127.0.0.1"), Some("a browser"));
/// assert!(direct.starts_with("e573c23ff2fd8035"));
/// assert_eq!(identifier(Some("127.0.0.1, 10.0.0.1"), Some("10.0.0.1"), Some("a browser")), direct);
/// ```
pub fn identifier(forwarded: Option<&str>, peer: Option<&str>, user_agent: Option<&str>) -> String {
    let address = forwarded.or(peer).map(|address| {
        let first = address.split(',').next().unwrap_or_default();
        // What Python's `bytes.strip` takes away.
        first.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
    });
    let mut text = String::new();
    push_bytes(&mut text, address);
    text.push('|');
    push_bytes(&mut text, user_agent);
    let digest = Sha512::digest(text.as_bytes());
    let mut identifier = String::with_capacity(digest.len() * 2);
    for byte in digest {
        // Writing to a String can't fail.
        let _ = write!(identifier, "{byte:02x}");
    }
    identifier
}

/// Appends a header as Python prints the bytes of it that Flask-Login makes: WSGI reads headers as Latin-1, and each letter
/// of that is encoded as UTF-8.
fn push_bytes(text: &mut String, header: Option<&str>) {
    let Some(header) = header else { return text.push_str("None") };
    let quote = if header.contains('\'') && !header.contains('"') { '"' } else { '\'' };
    text.push('b');
    text.push(quote);
    for byte in header.bytes() {
        match byte {
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' if char::from(byte) == quote => {
                text.push('\\');
                text.push(quote);
            }
            b' '..=b'~' => text.push(char::from(byte)),
            _ => {
                for byte in char::from(byte).encode_utf8(&mut [0; 2]).bytes() {
                    // As above.
                    let _ = write!(text, "\\x{byte:02x}");
                }
            }
        }
    }
    text.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first letters of what Flask-Login 0.6.3 computes, in `_create_identifier`.
    #[test]
    fn an_identifier_is_the_one_that_flask_login_computes() {
        let peer = Some("127.0.0.1");
        for (forwarded, peer, user_agent, expected) in [
            (None, peer, None, "656d8f867997c2a4"),
            (None, None, None, "892f7fec2c158356"),
            (None, None, Some("a browser"), "3596611a8cbe5e00"),
            (Some(" 10.0.0.7 , 1.2.3.4"), peer, Some("it's \\ a\tb"), "ddcf1f165b42ece8"),
            (None, peer, Some("it's \"q\" é"), "331173e4bbdb173c"),
            (Some(""), peer, Some(""), "358c75efad91b961"),
        ] {
            let identifier = identifier(forwarded, peer, user_agent);
            assert_eq!(identifier.get(..16), Some(expected), "{forwarded:?} {peer:?} {user_agent:?}");
            assert_eq!(identifier.len(), 128);
        }
    }
}
