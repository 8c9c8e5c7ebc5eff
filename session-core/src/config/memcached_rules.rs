//! Addresses of memcached servers, and what its keys can hold.

use super::SessionConfig;
use crate::settings::report::Report;

/// Greatest length of a key in bytes.
const LONGEST_KEY: usize = 250;

/// Reports what can't be stored in memcached.
pub(super) fn apply(config: &SessionConfig, report: &mut Report) {
    let servers = &config.session_memcached;
    if servers.is_empty() || !servers.iter().all(|server| is_address(server)) {
        report.refuse(
            &["session_memcached"],
            "must be host:port such as \"127.0.0.1:11211\", or a list of such, without user or password",
        );
    }
    let new_id = crate::formats::id::SessionId::characters(config.session_id_length);
    let longest_id = config.session_id_length_fallbacks.iter().copied().fold(new_id, usize::max);
    let room = LONGEST_KEY.saturating_sub(longest_id);
    if config.session_key_prefix.len() > room {
        report.refuse(
            &["session_key_prefix"],
            format!("must have at most {room} bytes: with the id, memcached takes {LONGEST_KEY}"),
        );
    }
}

/// Whether a text is `host:port`; an IPv6 address stands in brackets.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = !host.is_empty() && !host.contains([':', '/', '@', '[', ']', ' ']);
    (plain || bracketed) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// What may be shown of the addresses: one that is none may hold a password.
pub(super) fn public_part(servers: &[String]) -> Vec<&str> {
    servers.iter().map(|server| if is_address(server) { server } else { "…" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in ["127.0.0.1:11211", "cache:1", "[::1]:11211", "cache.example.com:65535"] {
            assert!(is_address(address), "{address}");
        }
        for text in
            ["", "cache", ":11211", "cache:", "cache:0", "cache:65536", "::1:11211", "me:hush@cache:11211"]
        {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown_where_there_should_be_none() {
        let servers = ["memcached://me:hush@cache:1".to_owned(), "cache:1".to_owned()];
        assert_eq!(public_part(&servers), ["…", "cache:1"]);
    }
}
