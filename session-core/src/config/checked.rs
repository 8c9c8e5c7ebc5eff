//! A configuration that has passed its check.

use std::fmt;

use super::{Environment, Place, SessionConfig, SessionType, StoreSettings, Warning};
use crate::settings::report::{Origin, Report};

/// A configuration that may be launched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckedConfig {
    /// The checked configuration: what was left open is decided.
    pub config: SessionConfig,
    /// The findings that are allowed and still worth a line in the launch log.
    pub warnings: Vec<Warning>,
    pub(super) secure_was_chosen: bool,
    pub(super) store_location: StoreLocation,
    pub(super) old_store_location: Option<StoreLocation>,
}

impl CheckedConfig {
    /// Tells whether somebody has chosen `session_cookie_secure`; otherwise it was decided by default.
    pub fn secure_was_chosen(&self) -> bool {
        self.secure_was_chosen
    }

    /// Returns where the sessions are, for messages about their store.
    pub fn store_location(&self) -> &StoreLocation {
        &self.store_location
    }

    /// Returns where the sessions are that `session_migrate_from` moves.
    pub fn old_store_location(&self) -> Option<&StoreLocation> {
        self.old_store_location.as_ref()
    }
}

/// The place of a store as a message may name it: without user and password, with the key that says it.
///
/// ```
/// use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};
///
/// let mut config = SessionConfig::default();
/// config.session_type = SessionType::Memcached;
/// config.store.memcached.servers = vec!["cache:11211".into()];
/// # if cfg!(feature = "memcached") {
/// let checked = config.check(Environment { debug_profile: true, ..Environment::default() })?;
/// assert_eq!(checked.store_location().to_string(), "memcached at cache:11211 (session_memcached)");
/// # }
/// # Ok::<(), rocket_session_state_core::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLocation {
    address: String,
    key: Option<String>,
    set_at: Option<Place>,
}

impl StoreLocation {
    /// Returns the address, or the absolute path of the file or folder.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the key of the configuration that says where the store is, as it was spelled; none for a store that
    /// is passed in code.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns where that key was set; none for defaults and for configurations made in code.
    pub fn set_at(&self) -> Option<&Place> {
        self.set_at.as_ref()
    }

    pub(super) fn of_sessions(config: &SessionConfig, environment: Environment, report: &Report) -> Self {
        if environment.own_store {
            return Self::without_key("the application's own store");
        }
        let Some(backend) = config.backend() else { return Self::without_key("the cookie") };
        let key = backend.location_key();
        let origin = report.origin(key);
        Self::new(&config.store, config.session_type, key, origin)
    }

    pub(super) fn of_old_sessions(config: &SessionConfig, report: &Report) -> Option<Self> {
        const KEY: &str = "session_migrate_from";
        let old = config.session_migrate_from.as_ref()?;
        Some(Self::new(&old.store, old.session_type, KEY, report.origin(KEY)))
    }

    fn new(store: &StoreSettings, session_type: SessionType, key: &str, origin: Option<&Origin>) -> Self {
        StoreLocation {
            address: store.backend(session_type).map_or_else(String::new, |backend| backend.location()),
            key: Some(origin.map_or(key, |origin| &origin.spelling).to_owned()),
            set_at: origin.and_then(|origin| origin.place.clone()),
        }
    }

    fn without_key(address: &str) -> Self {
        StoreLocation { address: address.to_owned(), key: None, set_at: None }
    }
}

/// Shows address, key and place: `redis://…@host:6379 (session_redis, set in Rocket.toml, profile [default])`.
impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        match (&self.key, &self.set_at) {
            (Some(key), Some(place)) => write!(f, " ({key}, set {place})"),
            (Some(key), None) => write!(f, " ({key})"),
            (None, _) => Ok(()),
        }
    }
}
