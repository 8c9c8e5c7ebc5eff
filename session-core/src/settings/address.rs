//! Addresses, as far as they may be shown: they may hold a password.

use std::net::IpAddr;
use std::path::{Path, absolute};

/// Returns scheme, host, port and path of `url`.
///
/// Cuts more than a URL parser would take for the user: a password that was not percent-encoded may
/// hold any character.
pub(crate) fn public_part(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".into() };
    let (address, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    match address.rsplit_once('@') {
        _ if query.contains('@') => format!("{scheme}://…"),
        Some((_, host)) => format!("{scheme}://…@{host}"),
        None => format!("{scheme}://{address}"),
    }
}

/// Tells whether what is sent to `host` stays on this machine. A name that only looks so is taken for another machine.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns a path as it is found from any working directory.
pub(crate) fn absolute_path(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.into()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::{is_this_machine, public_part};

    #[test]
    fn only_loopback_is_this_machine() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.0.1", "::1", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "redis",
            "localhost.example.com",
            "10.0.0.1",
            "0.0.0.0",
            "[fe80::1]",
            "127.0.0.1.example.com",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_shown_however_it_was_written() {
        for url in [
            "redis://:hush@host/0",
            "redis://me:hush@host/0",
            "redis://:hush/hush@host/0",
            "redis://:hush@hush@host/0",
            "redis://:hu?sh@host/0",
            "redis://:hu#sh@host/0",
            "redis://host/0?pass=hush@hush",
            "hush@host",
            "postgresql+psycopg2://me:hush@host/database?password=hush",
        ] {
            let shown = public_part(url);
            assert!(!shown.contains("hu") && !shown.contains("sh"), "{shown}");
        }
        assert_eq!(public_part("redis://me:hush@host:6379/0"), "redis://…@host:6379/0");
    }
}
