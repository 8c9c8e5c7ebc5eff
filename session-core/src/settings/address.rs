//! Addresses, as far as they may be shown: they may hold a password.

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

/// Returns a path as it is found from any working directory.
pub(crate) fn absolute_path(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.into()).display().to_string()
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
            "postgresql+psycopg2://me:hush@host/database?password=hush",
        ] {
            let shown = public_part(url);
            assert!(!shown.contains("hu") && !shown.contains("sh"), "{shown}");
        }
        assert_eq!(public_part("redis://me:hush@host:6379/0"), "redis://…@host:6379/0");
    }
}
