//! The meaning of a key in the configuration: known, misspelled, or not ours.

use crate::settings::table::Key;
use crate::spelling::nearest;

/// Keys, or beginnings of keys, of features that this release does not have yet.
const LATER: [&str; 4] =
    ["session_sqlalchemy_sequence", "session_sqlalchemy_bind_key", "session_dynamodb", "session_postgresql"];

/// The meaning of a key in the configuration.
pub(super) enum Meaning {
    /// A key of this release, in lower case or in capitals: its name.
    Known(&'static str),
    /// A key of a later release.
    Later,
    /// A key whose value is an object of Python's; what to write instead.
    Object(&'static str),
    /// Not a key, but meant as one: the nearest.
    Misspelled(&'static str),
    /// A key of Rocket or of the application.
    Foreign,
}

/// Returns what a key of this spelling means, where `keys` are those of this release.
pub(super) fn meaning(spelling: &str, keys: &[Key]) -> Meaning {
    let lower = spelling.to_ascii_lowercase();
    if let Some(key) = keys.iter().find(|key| key.name == lower) {
        let in_one_case = spelling == key.name || spelling == key.name.to_ascii_uppercase();
        return if in_one_case { Meaning::Known(key.name) } else { Meaning::Misspelled(key.name) };
    }
    if lower == "session_cachelib" {
        return Meaning::Object("session_type = \"cachelib\" and session_file_dir");
    }
    if LATER
        .iter()
        .any(|later| lower.strip_prefix(later).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    {
        return Meaning::Later;
    }
    match nearest(spelling, keys.iter().map(|key| key.name)) {
        // The prefix is ours. Any other key may be the application's own, so only one slip per ten
        // letters makes it ours: `application_port` is two from `application_root`.
        Some((name, mistakes)) if lower.starts_with("session_") || mistakes <= name.len() / 10 => {
            Meaning::Misspelled(name)
        }
        _ => Meaning::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SessionConfig;
    use crate::settings::table::Settings;

    fn meaning(spelling: &str) -> Meaning {
        super::meaning(spelling, &SessionConfig::keys())
    }

    fn meant(spelling: &str) -> Option<&'static str> {
        match meaning(spelling) {
            Meaning::Misspelled(name) => Some(name),
            Meaning::Known(_) | Meaning::Later | Meaning::Object(_) | Meaning::Foreign => None,
        }
    }

    #[test]
    fn a_misspelled_key_is_told_the_name_it_was_meant_to_be() {
        for (spelling, name) in [
            ("session_tpye", "session_type"),
            ("sesion_type", "session_type"),
            ("session-type", "session_type"),
            ("Session_Type", "session_type"),
            ("SESSION_COOKIE_SAMESTIE", "session_cookie_samesite"),
            ("session_lifetime", "permanent_session_lifetime"),
            ("session_permanent_lifetime", "permanent_session_lifetime"),
            ("session_cookie_http_only", "session_cookie_httponly"),
            ("session_secret", "session_secret_key"),
            ("session_redis_url", "session_redis"),
            ("session_mongodb_collection", "session_mongodb_collect"),
            ("permanent_session_lifetme", "permanent_session_lifetime"),
            ("PERMANENT_SESSION_LIFETIM", "permanent_session_lifetime"),
            ("secret_key_fallback", "secret_key_fallbacks"),
            ("aplication_root", "application_root"),
            ("max_cookies_size", "max_cookie_size"),
            ("secret_kye", "secret_key"),
        ] {
            assert_eq!(meant(spelling), Some(name), "{spelling}");
        }
    }

    #[test]
    fn keys_of_rocket_and_of_the_application_are_left_alone() {
        for spelling in [
            "address",
            "port",
            "workers",
            "max_blocking",
            "keep_alive",
            "limits",
            "tls",
            "temp_dir",
            "log_level",
            "shutdown",
            "ident",
            "ip_header",
            "cli_colors",
            "proxy_proto_header",
            "databases",
            "profile",
            "config",
            "template_dir",
            "application_name",
            "application_port",
            "application_root_url",
            "secret",
            "secrets",
            "api_key",
            "session",
            "sessions",
            "max_upload_size",
            "max_page_size",
            "obsession_type",
        ] {
            assert!(matches!(meaning(spelling), Meaning::Foreign), "{spelling}");
        }
    }

    #[test]
    fn keys_of_later_stores_are_not_taken_for_misspellings() {
        for spelling in ["session_sqlalchemy_bind_key", "SESSION_SQLALCHEMY_SEQUENCE", "session_dynamodb"] {
            assert!(matches!(meaning(spelling), Meaning::Later), "{spelling}");
        }
    }
}
