//! The address of a Redis server, which may hold a password.

/// Why `url` can't be used, without showing it.
pub(super) fn objection(url: &str) -> Option<&'static str> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "redis" | "valkey" => {}
        "rediss" | "valkeys" if cfg!(feature = "redis-tls") => {}
        "rediss" | "valkeys" => return Some("needs TLS; turn on the cargo feature `redis-tls`"),
        _ => return Some("must be one URL such as \"redis://127.0.0.1:6379/0\""),
    }
    #[cfg(feature = "redis")]
    if redis::IntoConnectionInfo::into_connection_info(url).is_err() {
        return Some(
            "is no usable URL; write \"redis://host:port/number\", with special characters of a password percent-encoded",
        );
    }
    None
}

/// Scheme, host, port and path: what may be shown of `url`.
///
/// Cuts more than a URL parser would take for the user: a password that was not percent-encoded may
/// hold any character.
pub(super) fn public_part(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".into() };
    let (address, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    match address.rsplit_once('@') {
        _ if query.contains('@') => format!("{scheme}://…"),
        Some((_, host)) => format!("{scheme}://…@{host}"),
        None => format!("{scheme}://{address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::public_part;

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
        ] {
            let shown = public_part(url);
            assert!(!shown.contains("hu") && !shown.contains("sh"), "{shown}");
        }
        assert_eq!(public_part("redis://me:hush@host:6379/0"), "redis://…@host:6379/0");
    }
}
