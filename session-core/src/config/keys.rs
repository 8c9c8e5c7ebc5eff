//! The keys: what each sets, which sessions it matters to, and what a misspelled one may have meant.

use super::{SessionConfig, SessionType, old_store};
use crate::settings::reader::Setting;
use crate::settings::spelling::nearest;

/// A key of this release.
pub(super) struct Key {
    pub(super) name: &'static str,
    matters: Matters,
    /// Reads the setting into the configuration.
    pub(super) apply: fn(&mut SessionConfig, &Setting) -> Result<(), String>,
}

/// Which sessions a key does something for.
enum Matters {
    /// Any session.
    Always,
    /// The sessions of one store: where that is. It may stay in place while another store is tried.
    ToOneStore,
    /// Sessions that live in a store.
    InStores,
    /// Records of which the format can be chosen.
    InRecords,
    /// Sessions in a store that does not remove them by itself when they have expired.
    Purged,
}

macro_rules! key {
    ($name:ident => $field:ident, $matters:ident, $read:ident) => {
        Key {
            name: stringify!($name),
            matters: Matters::$matters,
            apply: |config, setting| setting.$read().map(|value| config.$field = value),
        }
    };
    ($name:ident, $matters:ident, $read:ident) => {
        key!($name => $name, $matters, $read)
    };
}

/// Every key, in the order in which they are applied: of two that set one field the later counts.
pub(super) const KEYS: &[Key] = &[
    key!(secret_key, Always, secret),
    key!(session_secret_key => secret_key, Always, secret),
    key!(session_secret_key_base64 => secret_key, Always, secret_base64),
    key!(secret_key_fallbacks, Always, secrets),
    key!(session_type, Always, session_type),
    key!(session_cookie_name, Always, text),
    key!(session_cookie_domain, Always, text_or_false),
    key!(session_cookie_path, Always, text_or_false),
    key!(application_root, Always, text),
    key!(session_cookie_httponly, Always, flag),
    key!(session_cookie_secure, Always, flag_or_open),
    key!(session_cookie_partitioned, Always, flag),
    key!(session_cookie_samesite, Always, same_site),
    key!(permanent_session_lifetime, Always, duration),
    key!(session_refresh_each_request, Always, flag),
    key!(max_cookie_size, Always, count),
    key!(session_permanent, InStores, flag),
    key!(session_use_signer, InStores, flag),
    key!(session_key_prefix, InStores, text),
    key!(session_id_length, InStores, count),
    key!(session_id_length_fallbacks, InStores, counts),
    key!(session_serialization_format, InRecords, record_format),
    key!(session_cleanup_n_requests, Purged, count_or_none),
    key!(session_purge_interval, Purged, duration_or_none),
    key!(session_redis, ToOneStore, redis),
    key!(session_sqlalchemy, ToOneStore, some_text),
    key!(session_sqlalchemy_table, ToOneStore, text),
    key!(session_sqlalchemy_schema, ToOneStore, text_or_false),
    key!(session_memcached, ToOneStore, addresses),
    key!(session_mongodb, ToOneStore, mongodb),
    key!(session_mongodb_db, ToOneStore, text),
    key!(session_mongodb_collect, ToOneStore, text),
    key!(session_file_dir, ToOneStore, path),
    key!(session_file_threshold, ToOneStore, count),
    key!(session_file_mode, ToOneStore, file_mode),
    key!(session_store_timeout, InStores, duration),
    key!(session_request_timeout, InStores, duration),
    key!(session_swap_attempts, InStores, count),
    key!(session_breaker_after, InStores, count),
    key!(session_refresh_after, InStores, number),
    key!(session_memory_max, ToOneStore, count),
    key!(session_ended_poll, InStores, duration),
    Key {
        name: "session_migrate_from",
        matters: Matters::InStores,
        apply: |config, setting| {
            config.session_migrate_from = Some(old_store::read(setting, &config.session_key_prefix)?);
            Ok(())
        },
    },
];

impl Key {
    /// Why the key does nothing for the sessions of this configuration, which are not in a store passed in code.
    pub(super) fn idle(&self, config: &SessionConfig) -> Option<&'static str> {
        match self.matters {
            Matters::InStores | Matters::InRecords | Matters::Purged
                if config.session_type == SessionType::Cookie =>
            {
                Some("has no effect on cookie sessions, only on sessions in a store")
            }
            Matters::Purged if !is_purged(config) => {
                Some("has no effect: this store removes expired records by itself")
            }
            Matters::InRecords if config.session_type.is_files() => {
                Some("has no effect on files: Flask-Session's are always pickles")
            }
            Matters::Always
            | Matters::ToOneStore
            | Matters::InStores
            | Matters::InRecords
            | Matters::Purged => None,
        }
    }

    /// Whether the key says where one store is.
    pub(super) fn places_a_store(&self) -> bool {
        matches!(self.matters, Matters::ToOneStore)
    }
}

/// Whether the sessions are in a store that keeps what has expired until it is purged, or are moved out of one.
fn is_purged(config: &SessionConfig) -> bool {
    let old = config.session_migrate_from.as_deref().map(|old| old.session_type);
    [Some(config.session_type), old].into_iter().flatten().any(|session_type| {
        session_type.is_files() || matches!(session_type, SessionType::Sql | SessionType::Memory)
    })
}

/// Keys, or beginnings of keys, that belong to what this release does not have yet.
const LATER: [&str; 4] =
    ["session_sqlalchemy_sequence", "session_sqlalchemy_bind_key", "session_dynamodb", "session_postgresql"];

/// What a key of the configuration is.
pub(super) enum Meaning {
    /// A key, in lower case or in capitals.
    Known(&'static Key),
    /// A key of a later release.
    Later,
    /// A key whose value is an object of Python's; what to write instead.
    Object(&'static str),
    /// No key, but meant as one: the nearest.
    Misspelled(&'static str),
    /// None of our business.
    Foreign,
}

/// What the key that is spelled so means.
pub(super) fn meaning(spelling: &str) -> Meaning {
    let lower = spelling.to_ascii_lowercase();
    if let Some(key) = KEYS.iter().find(|key| key.name == lower) {
        let in_one_case = spelling == key.name || spelling == key.name.to_ascii_uppercase();
        return if in_one_case { Meaning::Known(key) } else { Meaning::Misspelled(key.name) };
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
    match nearest(spelling, KEYS.iter().map(|key| key.name)) {
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
    fn every_field_has_a_key_and_every_key_a_field() {
        let shown = format!("{:#?}", SessionConfig::default());
        let fields: Vec<_> = shown
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
            .map(|(field, _)| field)
            .collect();
        for field in &fields {
            assert!(KEYS.iter().any(|key| key.name == *field), "{field} has no key");
        }
        for key in KEYS.iter().filter(|key| !key.name.starts_with("session_secret_key")) {
            assert!(fields.contains(&key.name), "{} has no field", key.name);
        }
    }

    #[test]
    fn keys_of_later_stores_are_no_misspellings() {
        for spelling in ["session_sqlalchemy_bind_key", "SESSION_SQLALCHEMY_SEQUENCE", "session_dynamodb"] {
            assert!(matches!(meaning(spelling), Meaning::Later), "{spelling}");
        }
    }
}
