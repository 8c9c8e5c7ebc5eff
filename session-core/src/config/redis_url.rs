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
