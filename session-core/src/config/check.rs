//! The rules that a configuration must follow to be launched, whoever made it.

use super::{
    CheckedConfig, ConfigError, Environment, SessionConfig, SessionType, StoreLocation, cookie, migrate_from,
    secrets,
};
use crate::formats::id::SessionId;
use crate::settings::report::Report;
use crate::settings::table::Settings;
use crate::store::backend::{Against, Backend};

/// Decides what the configuration leaves open, and reports what it must not say.
pub(super) fn apply(
    mut config: SessionConfig,
    environment: Environment,
    mut report: Report,
) -> Result<CheckedConfig, ConfigError> {
    let secure_was_chosen = config.session_cookie_secure.is_some();
    secrets::check(&mut config, environment, &mut report);
    cookie::check(&mut config, environment, &mut report);
    store(&mut config, environment, &mut report);
    config.check_ranges(&mut report);
    let store_location = StoreLocation::of_sessions(&config, environment, &report);
    let old_store_location = StoreLocation::of_old_sessions(&config, &report);
    let warnings = report.finish()?;
    Ok(CheckedConfig { config, warnings, secure_was_chosen, store_location, old_store_location })
}

fn store(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    if !environment.own_store {
        if let Some(chosen) = config.backend() {
            let prefix = &config.session_key_prefix;
            backend(chosen, &against(config, config.session_type, prefix, environment), report);
        }
    } else if report.is_set("session_type") {
        report.refuse(&["session_type"], "has no effect while a store is passed in code; remove one of them");
    }
    key_prefix(&config.session_key_prefix, report);
    migrate_from::check(config, environment, report);
    let in_a_store = environment.own_store || config.session_type != SessionType::Cookie;
    if in_a_store && config.session_request_timeout < config.session_store_timeout {
        report.warn(
            &["session_request_timeout", "session_store_timeout"],
            "is shorter than session_store_timeout, which therefore never takes effect",
        );
    }
}

/// Collects what a store's settings are checked against.
pub(super) fn against<'a>(
    config: &SessionConfig,
    session_type: SessionType,
    key_prefix: &'a str,
    environment: Environment,
) -> Against<'a> {
    let new_id = SessionId::characters(config.session_id_length);
    Against {
        session_type,
        debug_profile: environment.debug_profile,
        key_prefix,
        new_id,
        longest_id: config.session_id_length_fallbacks.iter().copied().fold(new_id, usize::max),
    }
}

/// Reports why a store can't be made of its settings. Those of a store that is not in use may be as they are.
pub(super) fn backend(backend: &dyn Backend, against: &Against<'_>, report: &mut Report) {
    if let Some(features) = backend.missing_feature(against.session_type) {
        let name = against.session_type;
        report.refuse(
            &["session_type"],
            format!("\"{name}\" needs the cargo feature {features}; turn it on in Cargo.toml"),
        );
    }
    backend.check(against, report);
}

pub(super) fn key_prefix(prefix: &str, report: &mut Report) {
    if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        report
            .refuse(&["session_key_prefix"], "must be printable ASCII without spaces, such as \"session:\"");
    }
}
