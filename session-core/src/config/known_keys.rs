//! The meaning of a key in the configuration: known, misspelled, or not ours.

use super::csrf;
use crate::settings::table::Key;
use crate::spelling::nearest;

/// Keys, or beginnings of keys, of features that this release does not have yet.
const LATER: [&str; 4] =
    ["session_sqlalchemy_sequence", "session_sqlalchemy_bind_key", "session_dynamodb", "session_postgresql"];

const LATER_MESSAGE: &str = "is not supported in this release yet; remove it";

/// The meaning of a key in the configuration.
pub(super) enum Meaning {
    /// A key of this release, in lower case or in capitals: its name.
    Known(&'static str),
    /// Not a key of this release, but meant as one: what to write instead.
    Mistaken(String),
    /// A key of Rocket or of the application.
    Foreign,
}

/// Returns what a key of this spelling means, where `keys` are those of this release.
pub(super) fn meaning(spelling: &str, keys: &[Key]) -> Meaning {
    let lower = spelling.to_ascii_lowercase();
    if let Some(key) = keys.iter().find(|key| key.name == lower) {
        let (name, capitals) = (key.name, key.name.to_ascii_uppercase());
        return if [name, &capitals].contains(&spelling) {
            Meaning::Known(name)
        } else {
            Meaning::Mistaken(format!("is unknown in this spelling; write {name} or {capitals}"))
        };
    }
    if lower == "session_cachelib" {
        return Meaning::Mistaken(
            "is a Python object in Flask-Session; write session_type = \"cachelib\" and session_file_dir"
                .into(),
        );
    }
    if LATER
        .iter()
        .any(|later| lower.strip_prefix(later).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    {
        return Meaning::Mistaken(LATER_MESSAGE.into());
    }
    if csrf::OF_FLASK_ALONE.contains(&lower.as_str()) {
        return Meaning::Mistaken(
            "has no effect here: a token is checked where a handler takes csrf::FlaskWtfForm or \
             csrf::FlaskWtfHeader; remove it"
                .into(),
        );
    }
    if lower == "session_lifetime" {
        // More like session_lifetime_max, which comes after the lifetime that everybody sets.
        return Meaning::Mistaken("is unknown; did you mean permanent_session_lifetime?".into());
    }
    let is_ours = ["session_", "wtf_csrf_", "remember_cookie_"].iter().any(|ours| lower.starts_with(ours));
    match nearest(spelling, keys.iter().map(|key| key.name)) {
        // These prefixes are ours. Any other key may be the application's own, so only one slip per ten
        // letters makes it ours: `application_port` is two from `application_root`.
        Some((name, mistakes)) if is_ours || mistakes <= name.len() / 10 => {
            Meaning::Mistaken(format!("is unknown; did you mean {name}?"))
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

    fn mistake(spelling: &str) -> Option<String> {
        match meaning(spelling) {
            Meaning::Mistaken(message) => Some(message),
            Meaning::Known(_) | Meaning::Foreign => None,
        }
    }

    #[test]
    fn a_misspelled_key_is_told_the_name_it_was_meant_to_be() {
        for (spelling, name) in [
            ("session_tpye", "session_type"),
            ("sesion_type", "session_type"),
            ("session-type", "session_type"),
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
            ("wtf_csrf_timelimit", "wtf_csrf_time_limit"),
            ("WTF_CSRF_HEADER", "wtf_csrf_headers"),
            ("wtf_csrf_key", "wtf_csrf_secret_key"),
            ("REMEMBER_COOKIE_HTTP_ONLY", "remember_cookie_httponly"),
        ] {
            assert_eq!(mistake(spelling), Some(format!("is unknown; did you mean {name}?")), "{spelling}");
        }
        let spelled = "is unknown in this spelling; write session_type or SESSION_TYPE";
        assert_eq!(mistake("Session_Type").as_deref(), Some(spelled));
    }

    #[test]
    fn keys_that_only_flask_wtf_knows_are_not_ignored() {
        for spelling in ["wtf_csrf_enabled", "WTF_CSRF_METHODS", "wtf_csrf_ssl_strict"] {
            assert!(
                mistake(spelling).is_some_and(|message| message.starts_with("has no effect")),
                "{spelling}"
            );
        }
    }

    #[test]
    fn keys_of_rocket_and_of_the_application_are_left_alone() {
        const KEYS: &str = "address port workers max_blocking keep_alive limits tls temp_dir log_level shutdown ident \
            ip_header cli_colors proxy_proto_header databases profile config template_dir application_name \
            application_port application_root_url secret secrets api_key session sessions max_upload_size \
            max_page_size obsession_type remember remember_me";
        for spelling in KEYS.split(' ') {
            assert!(matches!(meaning(spelling), Meaning::Foreign), "{spelling}");
        }
    }

    #[test]
    fn keys_of_later_stores_are_not_taken_for_misspellings() {
        for spelling in ["session_sqlalchemy_bind_key", "SESSION_SQLALCHEMY_SEQUENCE", "session_dynamodb"] {
            assert_eq!(mistake(spelling).as_deref(), Some(LATER_MESSAGE), "{spelling}");
        }
    }
}
