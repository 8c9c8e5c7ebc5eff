//! An address in its parts, which all forms have.

use super::FORMS;

/// An address in its parts.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) kind: Kind,
    pub(super) is_encrypted: bool,
    /// What stands between scheme and parameters: login, host or hosts, and path.
    pub(super) place: &'a str,
    /// The text after the question mark.
    pub(super) query: &'a str,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Server,
    Socket,
    Sentinel,
}

impl<'a> Parts<'a> {
    /// Takes an address apart; otherwise says what is wrong with it, as the end of a sentence.
    pub(super) fn of(url: &'a str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or(FORMS)?;
        let (kind, is_encrypted) = match scheme {
            "redis" | "valkey" => (Kind::Server, false),
            "rediss" | "valkeys" => (Kind::Server, true),
            "unix" | "redis+unix" | "valkey+unix" => (Kind::Socket, false),
            "redis+sentinel" => (Kind::Sentinel, false),
            "rediss+sentinel" => (Kind::Sentinel, true),
            _ => return Err(FORMS.into()),
        };
        if is_encrypted && !cfg!(feature = "redis-tls") {
            return Err("needs TLS; turn on the cargo feature `redis-tls`".into());
        }
        if rest.contains('#') {
            // To Python it is the beginning of a fragment, which is dropped.
            return Err("has a `#`; in a password it is written %23, and elsewhere it means nothing".into());
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Parts { kind, is_encrypted, place, query })
    }

    /// Returns the login with its `@`, the host or hosts, and the rest, which begins with a slash or is empty.
    pub(super) fn of_place(self) -> (&'a str, &'a str, &'a str) {
        let (authority, path) = self.place.split_at(self.place.find('/').unwrap_or(self.place.len()));
        let (login, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        (login, hosts, path)
    }
}
