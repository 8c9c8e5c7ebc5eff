//! Requests that pages of other origins send get no session.
//!
//! `SameSite` keeps the cookie away from such a request. It doesn't keep the answer from setting one: a form on another
//! site could log a visitor out, or in as somebody else.

use std::error::Error;
use std::fmt;

use crate::config::{CrossOrigin, Host, Origin, SessionConfig};

/// Tells whether a request may have a session: it changes nothing, or no page of another origin has sent it.
///
/// `header` returns the value of a header. A program that is not a browser sends neither `Sec-Fetch-Site` nor `Origin`,
/// and has nobody's session but its own.
///
/// # Errors
///
/// A page of another origin sent it, and `session_trusted_origins` doesn't list that.
pub fn cross_origin<'r>(
    config: &SessionConfig,
    method: &str,
    host: Option<Host<'_>>,
    header: impl Fn(&str) -> Option<&'r str>,
) -> Result<(), Refusal> {
    if config.session_cross_origin == CrossOrigin::Allow || SAFE.contains(&method) {
        return Ok(());
    }
    let (site, text) = (header("Sec-Fetch-Site"), header("Origin"));
    let origin = text.and_then(|text| Origin::parse(text).ok());
    let is_own = match (site, text) {
        (Some(site), _) => OWN.contains(&site),
        (None, None) => true,
        (None, Some(_)) => origin.zip(host).is_some_and(|(origin, host)| origin.is_at(host)),
    };
    if is_own || origin.is_some_and(|origin| is_trusted(config, origin)) {
        return Ok(());
    }
    Err(Refusal {
        site: site.map(shown),
        origin: text.map(shown),
        host: host.map(|host| shown(&host.to_string())),
    })
}

/// Returns `true` if `session_trusted_origins` lists this origin.
pub fn is_trusted(config: &SessionConfig, origin: Origin<'_>) -> bool {
    config.session_trusted_origins.iter().any(|trusted| Origin::parse(trusted) == Ok(origin))
}

/// The methods that change nothing, if the application uses them as it should.
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// `Sec-Fetch-Site` of what a page of the same origin sent, and of what the visitor did without any page.
const OWN: [&str; 2] = ["same-origin", "none"];

/// Why a request has no session: a page of another origin has sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    site: Option<String>,
    origin: Option<String>,
    host: Option<String>,
}

/// Names the header that says so, and the key that would allow it.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.site, &self.origin, &self.host) {
            (Some(site), Some(origin), _) => write!(
                f,
                "`Sec-Fetch-Site: {site}` says so, and its `Origin: {origin}` is not in `session_trusted_origins`"
            ),
            (Some(site), None, _) => write!(
                f,
                "`Sec-Fetch-Site: {site}` says so, and there is no `Origin` that could be in `session_trusted_origins`"
            ),
            (None, origin, host) => {
                let (origin, host) = (origin.as_deref().unwrap_or_default(), host.as_deref());
                write!(f, "`Origin: {origin}` is not ")?;
                match host {
                    Some(host) => write!(f, "that of `Host: {host}`")?,
                    None => f.write_str("that of a `Host`")?,
                }
                f.write_str(", nor in `session_trusted_origins`")
            }
        }
    }
}

impl Error for Refusal {}

/// Returns a header as the log may show it: one line, and not a long one.
fn shown(value: &str) -> String {
    let short: String = value.chars().take(100).collect();
    let more = if short.len() < value.len() { "…" } else { "" };
    format!("{}{more}", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const METHODS: [&str; 10] =
        ["GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND"];

    fn ask(
        trusted: &[&str],
        method: &str,
        host: Option<&str>,
        site: Option<&str>,
        origin: Option<&str>,
    ) -> Result<(), Refusal> {
        let config = SessionConfig {
            session_trusted_origins: trusted.iter().map(ToString::to_string).collect(),
            ..SessionConfig::default()
        };
        let host = host.map(|host| match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => Host { name, port: port.parse().ok() },
            _ => Host { name: host, port: None },
        });
        cross_origin(&config, method, host, |name| if name == "Origin" { origin } else { site })
    }

    #[test]
    fn an_origin_is_that_of_the_host_whatever_scheme_a_proxy_was_asked_by() {
        for (origin, host, same) in [
            ("https://shop.example", "shop.example", true),
            ("http://shop.example", "shop.example", true),
            ("https://shop.example", "shop.example:443", true),
            ("https://shop.example:443", "shop.example", true),
            ("http://shop.example:80", "SHOP.example", true),
            ("HTTPS://Shop.Example", "shop.example", true),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", true),
            ("http://[::1]:8000", "[::1]:8000", true),
            ("https://shop.example", "shop.example:80", false),
            ("http://shop.example", "shop.example:443", false),
            ("http://shop.example:8000", "shop.example", false),
            ("http://shop.example", "shop.example:8000", false),
            ("http://shop.example:8000", "shop.example:8001", false),
            ("https://evil.example", "shop.example", false),
            ("https://shop.example.evil.example", "shop.example", false),
            ("https://shop.example@evil.example", "shop.example", false),
            ("https://shop.example/", "shop.example", false),
            ("chrome-extension://shop.example", "shop.example", false),
            ("shop.example", "shop.example", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            let asked = ask(&[], "POST", Some(host), None, Some(origin));
            assert_eq!(asked.is_ok(), same, "{origin} at {host}: {asked:?}");
        }
        assert!(ask(&[], "POST", None, None, Some("https://shop.example")).is_err(), "without a host");
    }

    #[test]
    fn a_refusal_names_header_and_key_in_one_short_line() {
        let long = "x".repeat(1000);
        for (site, origin, header) in [
            (Some("cross-site"), Some("https://evil.example"), "`Sec-Fetch-Site: cross-site`"),
            (Some("same-site"), None, "`Sec-Fetch-Site: same-site`"),
            (None, Some("https://evil.example"), "`Origin: https://evil.example`"),
            (Some("a\nb"), Some(long.as_str()), "`Sec-Fetch-Site: a\\nb`"),
        ] {
            let refusal = ask(&[], "POST", Some("shop.example:8000"), site, origin).unwrap_err().to_string();
            assert!(refusal.contains(header) && refusal.contains("`session_trusted_origins`"), "{refusal}");
            assert!(!refusal.contains('\n') && refusal.len() < 400, "{refusal}");
        }
        let refusal =
            ask(&[], "POST", Some("shop.example:8000"), None, Some("null")).unwrap_err().to_string();
        assert!(refusal.contains("`Host: shop.example:8000`"), "{refusal}");
    }

    /// A header's value: one that matters, or any text.
    fn value(known: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
        prop_oneof![
            1 => Just(None),
            4 => prop::sample::select(known).prop_map(|value| Some(value.to_owned())),
            1 => any::<String>().prop_map(Some),
        ]
    }

    proptest! {
        #[test]
        fn only_the_own_and_trusted_origins_get_in(
            method in prop::sample::select(&METHODS[..]),
            host in value(&["shop.example", "shop.example:8000", "[::1]", "null"]),
            site in value(&["same-origin", "none", "same-site", "cross-site", "Same-Origin", ""]),
            origin in value(&["https://shop.example", "https://evil.example", "https://accounts.example", "null"]),
            trusts in any::<bool>(),
        ) {
            let trusted: &[&str] = if trusts { &["https://accounts.example"] } else { &[] };
            let (host, site, origin) = (host.as_deref(), site.as_deref(), origin.as_deref());
            let is_trusted = trusts && origin == Some("https://accounts.example");
            let asked = ask(trusted, method, host, site, origin);
            let expected = match (site, origin) {
                _ if ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method) || is_trusted => true,
                (Some(site), _) => site == "same-origin" || site == "none",
                (None, None) => true,
                (None, Some("https://shop.example")) => host == Some("shop.example"),
                (None, Some(_)) => false,
            };
            prop_assert_eq!(asked.is_ok(), expected);
        }
    }
}
