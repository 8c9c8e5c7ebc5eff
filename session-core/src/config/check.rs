//! The rules that a configuration must follow to be launched, whoever made it.

use std::ops::Deref;

use super::{
    ConfigError, Environment, SessionConfig, SessionType, StoreSettings, Warning, cookie, cross_origin, csrf,
    lifetimes, migrate_from, remember, secrets, user_limit,
};
use crate::formats::id::SessionId;
use crate::settings::report::Report;
use crate::settings::table::Settings;
use crate::store::backend::{Against, Backend};

/// A configuration that may be launched. Only [`SessionConfig::check`] and [`SessionConfig::from_figment`] make one,
/// and it can be read, not changed: what a manager is made of has been checked.
///
/// ```
/// # use rocket_session_state_core::config::{Environment, SessionConfig};
/// # use rocket_session_state_core::manager::Manager;
///
/// let mut config = SessionConfig::default();
/// config.secret_key = Some("0123456789abcdef0123456789abcdef".into());
/// let checked = config.check(Environment::default())?;
/// assert_eq!(checked.session_cookie_name, "session");
/// let manager = Manager::new(checked)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What was not checked is refused by the compiler:
///
/// ```compile_fail,E0308
/// # use rocket_session_state_core::config::{Environment, SessionConfig};
/// # use rocket_session_state_core::manager::Manager;
/// let manager = Manager::new(SessionConfig::default());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckedConfig {
    /// What was left open is decided. Private, so that nothing is changed after the check.
    config: SessionConfig,
    environment: Environment,
    /// The findings that are allowed and still worth a line in the launch log.
    pub warnings: Vec<Warning>,
    /// `session_cookie_secure` was chosen, not decided by default.
    pub secure_was_chosen: bool,
    /// The place of the sessions for messages, without user and password, with the key that says it:
    /// `redis://…@host:6379 (session_redis, set in Rocket.toml, profile [default])`.
    pub store_location: String,
    /// The place of the sessions that `session_migrate_from` moves.
    pub old_store_location: Option<String>,
}

/// Decides what the configuration leaves open, and reports what it must not say.
pub(super) fn apply(
    mut config: SessionConfig,
    environment: Environment,
    mut report: Report,
) -> Result<CheckedConfig, ConfigError> {
    let secure_was_chosen = config.session_cookie_secure.is_some();
    secrets::check(&mut config, environment, &mut report);
    cookie::check(&mut config, environment, &mut report);
    remember::check(&mut config, environment, &mut report);
    cross_origin::check(&mut config, &mut report);
    csrf::check(&config, &mut report);
    lifetimes::check(&config, &mut report);
    user_limit::check(&config, environment, &mut report);
    store(&mut config, environment, &mut report);
    config.check_ranges(&mut report);
    let store_location = if environment.own_store {
        "the application's own store".into()
    } else {
        let key = config.session_type.location_key();
        location(&config.store, config.session_type, key, &report).unwrap_or_else(|| "the cookie".into())
    };
    let old = config.session_migrate_from.as_ref();
    let old_store_location =
        old.and_then(|old| location(&old.store, old.session_type, "session_migrate_from", &report));
    let warnings = report.finish()?;
    Ok(CheckedConfig { config, environment, warnings, secure_was_chosen, store_location, old_store_location })
}

impl CheckedConfig {
    /// Returns the circumstances of the check.
    pub(crate) fn environment(&self) -> Environment {
        self.environment
    }

    /// Returns the configuration for a test that keeps the sessions in a store of its own: no server is asked, those that
    /// sessions are moved out of neither, and no call is refused in place of a store that the test has set to work again.
    pub(crate) fn without_servers(mut self) -> Self {
        self.config.session_migrate_from = None;
        self.config.session_breaker_after = u32::MAX;
        self
    }
}

/// The settings, for reading.
impl Deref for CheckedConfig {
    type Target = SessionConfig;

    fn deref(&self) -> &SessionConfig {
        &self.config
    }
}

fn store(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    if !environment.own_store {
        let prefix = &config.session_key_prefix;
        backend(&config.store, &against(config, config.session_type, prefix, environment), report);
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

/// Characters of a key behind the prefix, where it is that of the list of a user's sessions: `~user:` and a SHA-256. The
/// note that a renewed id leaves has a shorter one.
pub(crate) const LIST_CHARACTERS: usize = 70;

/// Collects what a store's settings are checked against.
pub(super) fn against<'a>(
    config: &SessionConfig,
    session_type: SessionType,
    key_prefix: &'a str,
    environment: Environment,
) -> Against<'a> {
    // Whether there are lists is known only when the application's states are.
    let written = SessionId::characters(config.session_id_length).max(LIST_CHARACTERS);
    Against {
        session_type,
        debug_profile: environment.debug_profile,
        key_prefix,
        extends_at_load: config.session_refresh_after <= 0.0 && config.session_refresh_each_request,
        written,
        looked_up: config.session_id_length_fallbacks.iter().copied().fold(written, usize::max),
    }
}

/// Reports why a store can't be made of its settings. Those of a store that is not in use may be as they are.
pub(super) fn backend(store: &StoreSettings, against: &Against<'_>, report: &mut Report) {
    let name = against.session_type;
    if let Some(features) = name.missing_feature() {
        report.refuse(
            &["session_type"],
            format!("\"{name}\" needs the cargo feature {features}; turn it on in Cargo.toml"),
        );
    }
    let Some(backend) = store.backend(name) else { return };
    backend.check(against, report);
    if against.debug_profile {
        return;
    }
    if let Some(exposure) = backend.exposure() {
        report.warn(&[name.location_key()], exposure);
    }
    if against.key_prefix.is_empty() && backend.has_foreign_keys() {
        report.warn(
            &["session_key_prefix"],
            "is empty, so that any other key of the server may be taken for a session; write \"session:\"",
        );
    }
}

pub(super) fn key_prefix(prefix: &str, report: &mut Report) {
    if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        report
            .refuse(&["session_key_prefix"], "must be printable ASCII without spaces, such as \"session:\"");
    }
}

/// Describes the place of a store, which `key` says; `None` for the cookie.
fn location(store: &StoreSettings, session_type: SessionType, key: &str, report: &Report) -> Option<String> {
    let address = store.backend(session_type)?.location();
    let setting = report.setting(key);
    let spelling = setting.map_or(key, |setting| &setting.spelling);
    let by_default = || StoreSettings::default().backend(session_type).map(Backend::location);
    Some(match setting.map(|setting| setting.place.as_ref()) {
        Some(Some(place)) => format!("{address} ({spelling}, set {place})"),
        Some(None) => format!("{address} ({spelling})"),
        None if by_default().as_ref() == Some(&address) => format!("{address} ({spelling}, by default)"),
        None => format!("{address} ({spelling}, set in code)"),
    })
}
