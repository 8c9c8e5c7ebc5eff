//! Origins of pages: scheme, host and port, as the header `Origin` names them.

use std::fmt;
use std::net::Ipv6Addr;

use crate::formats::cookie::ascii_domain;

/// An origin. Two are equal if a browser takes them for one: letter case doesn't count, nor a default port that is
/// written or left out.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    scheme: &'a str,
    /// An IPv6 address has its brackets.
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Reads an origin. The error completes a sentence that begins with the text.
    ///
    /// # Errors
    ///
    /// It is not one.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme, such as `https://`")?;
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return Err("has an invalid scheme");
        }
        if rest.contains(['/', '?', '#']) {
            return Err("has a path (or a `/` at its end), and no origin has one");
        }
        if rest.contains('@') {
            return Err("has a user name, and no origin has one");
        }
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.find(']')) {
            Some(end) => rest.split_at(end + "[]".len()),
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if address.is_some_and(|address| address.parse::<Ipv6Addr>().is_err())
            || address.is_none() && (host.starts_with('.') || ascii_domain(host).is_err())
        {
            return Err("has an invalid host");
        }
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| INVALID_PORT)?)
            }
            _ => return Err(INVALID_PORT),
        };
        Ok(Origin { scheme, host, port })
    }

    /// Splits the address of a page into its origin and what follows: path, query and fragment, each if there is one. The
    /// error completes a sentence that begins with the address.
    ///
    /// # Errors
    ///
    /// It does not begin with an origin.
    pub fn of_url(url: &'a str) -> Result<(Self, &'a str), &'static str> {
        let authority = url.find("://").map_or(0, |colon| colon + "://".len());
        let length = url.get(authority..).and_then(|rest| rest.find(['/', '?', '#']));
        let (origin, rest) = url.split_at(length.map_or(url.len(), |length| authority + length));
        Ok((Origin::parse(origin)?, rest))
    }

    /// Returns `true` if a page of this origin may have come from `host`, as a request names it. Nothing tells by which
    /// scheme a proxy was asked, so that a port which is left out is the default one of this origin.
    pub fn is_at(&self, host: Host<'_>) -> bool {
        let default = self.default_port();
        // Other schemes, such as those of browser extensions, are not served by a host.
        default.is_some()
            && self.host.eq_ignore_ascii_case(host.name)
            && host.port.or(default) == self.port.or(default)
    }

    fn default_port(&self) -> Option<u16> {
        let ports = [("http", 80), ("https", 443)];
        ports.into_iter().find(|(scheme, _)| self.scheme.eq_ignore_ascii_case(scheme)).map(|(_, port)| port)
    }
}

const INVALID_PORT: &str = "has an invalid port";

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        let default = self.default_port();
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port.or(default) == other.port.or(default)
    }
}

/// Writes it as browsers do.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.to_ascii_lowercase())?;
        let address = self.host.trim_matches(['[', ']']).parse::<Ipv6Addr>();
        match (address, ascii_domain(self.host)) {
            (Ok(address), _) => write!(f, "[{address}]")?,
            (_, Ok(domain)) => f.write_str(&domain.to_ascii_lowercase())?,
            (_, Err(_)) => f.write_str(self.host)?,
        }
        match self.port.filter(|port| Some(*port) != self.default_port()) {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// The host that a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// A name or an address, an IPv6 address in brackets.
    pub name: &'a str,
    /// The port, where the request names one.
    pub port: Option<u16>,
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for (text, written) in [
            ("https://accounts.example", "https://accounts.example"),
            ("HTTPS://Accounts.Example:443", "https://accounts.example"),
            ("http://accounts.example:0080", "http://accounts.example"),
            ("https://accounts.example:80", "https://accounts.example:80"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://[0:0::1]:8000", "http://[::1]:8000"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn an_address_is_an_origin_and_what_follows_it() {
        for (url, origin, rest) in [
            ("https://accounts.example", "https://accounts.example", ""),
            ("https://accounts.example/login?a=b://c", "https://accounts.example", "/login?a=b://c"),
            ("http://[::1]:8000?a", "http://[::1]:8000", "?a"),
            ("https://accounts.example#a", "https://accounts.example", "#a"),
        ] {
            let (found, after) = Origin::of_url(url).unwrap();
            assert_eq!((found.to_string().as_str(), after), (origin, rest));
        }
        for url in
            ["", "/login", "//accounts.example/login", "https:///login", "https://momo@accounts.example/"]
        {
            assert!(Origin::of_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "accounts.example",
            "://accounts.example",
            "1s://accounts.example",
            "ht tp://accounts.example",
            "https://",
            "https://.example",
            "https://accounts.example/",
            "https://accounts.example?a",
            "https://accounts.example#a",
            "https://momo@accounts.example",
            "https://accounts.example:",
            "https://accounts.example:+80",
            "https://accounts.example:65536",
            "https://accounts.example:80:80",
            "https://accounts example",
            "https://*.example",
            "https://[::1",
            "https://::1",
            "https://[::1]8000",
            "https://[accounts.example]",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
