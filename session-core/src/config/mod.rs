//! The configuration: Flask's keys, read from figment, checked before anything is launched.
//!
//! [`SessionConfig::from_figment`] reads the keys of the selected profile, in lower case or in Flask's
//! capitals; [`SessionConfig::check`] takes a configuration made in code. Both apply the same rules and
//! report every mistake at once, each with where it was made.

mod address;
mod choice;
mod cookie_rules;
mod debug;
mod file_rules;
mod keys;
mod memcached_rules;
mod mongodb_rules;
pub(crate) mod named;
mod old_store;
mod read;
mod redis_url;
mod rules;
mod sql_rules;

use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;

pub use crate::formats::cookie::SameSite;
pub use crate::settings::{ConfigError, Place, Problem, SecretKey, Warning};
pub use choice::{RecordFormat, SessionType, UnknownChoice};

use crate::settings::report::Report;
#[cfg(feature = "memcached")]
pub(crate) use memcached_rules::is_address as is_memcached_address;

/// How sessions behave: Flask's and Flask-Session's keys, in lower case, and a few of our own.
///
/// The keys of the configuration have the names of these fields, at the top level of a profile. Two more
/// exist only there and end up in [`secret_key`](Self::secret_key): `session_secret_key`, for applications
/// where Rocket's own `secrets` feature claims `secret_key`, and `session_secret_key_base64`, for keys that
/// are no text. A duration is written as seconds, whole or fractional, or as text: `"31 days"`, `"1h 30m"`.
///
/// ```
/// use std::time::Duration;
/// use rocket_session_state_core::config::{SessionConfig, SessionType, Surroundings};
///
/// let mut config = SessionConfig::default();
/// config.session_type = SessionType::Memory;
/// config.permanent_session_lifetime = Duration::from_secs(7200);
/// let configured = config.check(Surroundings { debug_profile: true, ..Surroundings::default() })?;
/// assert_eq!(configured.config.session_cookie_name, "session");
/// # Ok::<(), rocket_session_state_core::config::ConfigError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// The key that signs. Needed for the cookie store and for
    /// [`session_use_signer`](Self::session_use_signer); at least 16 bytes outside the debug profile.
    /// Text is used as UTF-8; a list of byte values is possible too. Default: none.
    pub secret_key: Option<SecretKey>,
    /// Older keys that are still accepted and never sign. They may be short, but not empty. Default: none.
    ///
    /// A single text is refused: Flask would take each of its letters for a key.
    pub secret_key_fallbacks: Vec<SecretKey>,
    /// Where sessions live. Default: the signed cookie itself.
    pub session_type: SessionType,

    /// Name of the cookie, a token of RFC 6265. Default: `session`.
    pub session_cookie_name: String,
    /// `Domain` of the cookie. Leading dots are stripped and other scripts become Punycode, as in Flask.
    /// Default: none (in a file also `false`), so that the cookie belongs to the host alone.
    pub session_cookie_domain: Option<String>,
    /// `Path` of the cookie. Default: none, then [`application_root`](Self::application_root) is used.
    pub session_cookie_path: Option<String>,
    /// Stands in for [`session_cookie_path`](Self::session_cookie_path); nothing else uses it. Default: `/`.
    pub application_root: String,
    /// Whether scripts are kept from reading the cookie. Default: true.
    pub session_cookie_httponly: bool,
    /// Whether browsers send the cookie over HTTPS only. Default: none, which is on exactly when Rocket
    /// serves TLS (Flask: off). A checked configuration always holds a value.
    pub session_cookie_secure: Option<bool>,
    /// Whether the cookie is kept apart per embedding site (CHIPS). Turns `Secure` on, as in Flask.
    /// Default: false.
    pub session_cookie_partitioned: bool,
    /// On which cross-site requests browsers send the cookie. Default: `Lax` (Flask: none). `None` sends no
    /// attribute and is written `false` in a file; the text `"None"` is [`SameSite::None`].
    pub session_cookie_samesite: Option<SameSite>,
    /// Life of a record in the store, greatest age of a signed cookie, and `Expires` of a permanent
    /// session's cookie. From one second to 36,500 days. Default: 31 days.
    pub permanent_session_lifetime: Duration,
    /// Whether a request that uses a session extends its life, and sends a permanent one's cookie again
    /// (A17, B14). Default: true.
    pub session_refresh_each_request: bool,
    /// Greatest size of the cookie in bytes, name and attributes included; a larger one is an error.
    /// 0 is no limit. Default: 4093, what browsers keep.
    pub max_cookie_size: usize,

    /// Whether a new session in a store starts permanent. Default: true.
    pub session_permanent: bool,
    /// Whether the id in the cookie is signed. Default: false.
    pub session_use_signer: bool,
    /// What stands before the id in the store's key: printable ASCII, may be empty. Default: `session:`.
    pub session_key_prefix: String,
    /// Random **bytes** of a new id, 16 to 128. Default: 32, which are 43 characters in the cookie.
    pub session_id_length: usize,
    /// Lengths, in **characters**, of ids that are still accepted: 36 for the UUIDs of Flask-Session up to
    /// 0.5. Default: none.
    pub session_id_length_fallbacks: Vec<usize>,
    /// How records are written; both forms are read. Says nothing of files, which are pickles.
    /// Default: msgpack.
    pub session_serialization_format: RecordFormat,
    /// After about how many uses of a session expired records are removed, beside what
    /// `session_purge_interval` does. As in Flask-Session for stores that don't expire records by themselves.
    /// Default: none (also 0).
    pub session_cleanup_n_requests: Option<u32>,
    /// How often a store that does not expire records by itself is searched for expired ones, in the background.
    /// Default: 10 minutes; none (also 0) for never.
    pub session_purge_interval: Option<Duration>,
    /// Address of the Redis server, one URL: `redis://…`, `valkey://…`, or with the feature `redis-tls`
    /// `rediss://…`, `valkeys://…`. Default: none, which is the server on this machine, port 6379.
    pub session_redis: Option<String>,
    /// Address of the database, one URL in SQLAlchemy's spelling: `sqlite:///relative.db`,
    /// `sqlite:////absolute.db`, `postgresql://…`, `mysql://…`, `mariadb://…`. A relative file is one of the
    /// working directory; to Flask-SQLAlchemy it is one of its instance folder, so beside Flask write the absolute
    /// form. Default: none; SQL stores need it.
    pub session_sqlalchemy: Option<String>,
    /// Name of the table, created if it is missing. Default: `sessions`.
    pub session_sqlalchemy_table: String,
    /// Schema that the table is in: PostgreSQL's, or MySQL's name for a database. Default: none, which is that of
    /// the connection.
    pub session_sqlalchemy_schema: Option<String>,
    /// Addresses of the memcached servers, `host:port` each; sessions are distributed over several as by
    /// pymemcache's `HashClient`. Default: the server on this machine, port 11211.
    pub session_memcached: Vec<String>,
    /// Address of the MongoDB server or servers, one URL: `mongodb://…`, or with the feature `mongodb-srv`
    /// `mongodb+srv://…`. Default: none, which is the server on this machine, port 27017.
    pub session_mongodb: Option<String>,
    /// Name of the MongoDB database. Default: `flask_session`.
    pub session_mongodb_db: String,
    /// Name of the MongoDB collection. Default: `sessions`.
    pub session_mongodb_collect: String,
    /// Folder of session files, made where it is missing. Default: `flask_session` in the working directory.
    pub session_file_dir: PathBuf,
    /// Session files above which expired ones are removed and, if that is not enough, a warning is logged.
    /// Nothing alive is ever removed. 0 is no threshold. Default: 500.
    pub session_file_threshold: u64,
    /// Mode of session files. In a file a number, as in Flask, or octal digits as text, `"0600"`.
    /// Default: 0600, for the owner only.
    pub session_file_mode: u32,

    /// How long one call of the store may take. Default: 1 s.
    pub session_store_timeout: Duration,
    /// How long all calls of the store for one request may take. Default: 3 s.
    pub session_request_timeout: Duration,
    /// How often a save is tried when others change the same session, then 503. Default: 200.
    pub session_swap_attempts: u32,
    /// After how many failures in a row the store counts as dead and is spared. Default: 5.
    pub session_breaker_after: u32,
    /// Share of the lifetime, 0 to 1, that must have passed before a store for which extending is a write
    /// pays for it. Default: 0.1.
    pub session_refresh_after: f64,
    /// How many sessions the memory store holds at most. Default: 100,000.
    pub session_memory_max: u64,
    /// How often the end of a session is looked for in the store while a request waits for it. Default: 5 s.
    pub session_ended_poll: Duration,
    /// The store that sessions are moved out of, each at its first use: of this configuration count
    /// `session_type`, `session_key_prefix` and what says where that store is. In Rocket.toml a table of these keys
    /// without their `session_`: `{ type = "redis", redis = "redis://…" }`. Default: none.
    pub session_migrate_from: Option<Box<SessionConfig>>,
}

/// A configuration that may be launched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Configured {
    /// The checked configuration: what was left open is decided.
    pub config: SessionConfig,
    /// What is allowed and still worth a line in the launch log.
    pub warnings: Vec<Warning>,
}

/// What a configuration is checked against: where and how the application runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The selected profile is the one named `debug`, whatever the build type: the rules are lenient.
    pub debug_profile: bool,
    /// The server itself speaks TLS.
    pub serves_tls: bool,
    /// The application passes a store of its own in code, so that `session_type` says nothing.
    pub own_store: bool,
}

impl SessionConfig {
    /// Reads and checks the configuration of the figment's selected profile, which also says whether it
    /// is the debug profile.
    ///
    /// # Errors
    ///
    /// All problems at once. Where a value can't be read, rules that depend on it are not applied.
    pub fn from_figment(figment: &Figment, surroundings: Surroundings) -> Result<Configured, ConfigError> {
        let mut report = Report::default();
        let config = read::read(figment, surroundings.own_store, &mut report)?;
        let surroundings = Surroundings { debug_profile: figment.profile() == "debug", ..surroundings };
        rules::apply(config, surroundings, report)
    }

    /// Checks a configuration that was made in code, by the rules of [`from_figment`](Self::from_figment).
    ///
    /// # Errors
    ///
    /// All problems at once, without places.
    pub fn check(self, surroundings: Surroundings) -> Result<Configured, ConfigError> {
        rules::apply(self, surroundings, Report::default())
    }

    /// The `Path` that the cookie has: `session_cookie_path`, or `application_root` where that is none or
    /// empty.
    pub fn cookie_path(&self) -> &str {
        match self.session_cookie_path.as_deref() {
            None | Some("") => &self.application_root,
            Some(path) => path,
        }
    }

    /// Whether the cookie has `Secure`. Decided by the check; before it, an open choice counts as off.
    pub fn cookie_secure(&self) -> bool {
        self.session_cookie_secure.unwrap_or(false)
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            secret_key: None,
            secret_key_fallbacks: Vec::new(),
            session_type: SessionType::default(),
            session_cookie_name: "session".into(),
            session_cookie_domain: None,
            session_cookie_path: None,
            application_root: "/".into(),
            session_cookie_httponly: true,
            session_cookie_secure: None,
            session_cookie_partitioned: false,
            session_cookie_samesite: Some(SameSite::Lax),
            permanent_session_lifetime: Duration::from_secs(31 * 24 * 60 * 60),
            session_refresh_each_request: true,
            max_cookie_size: 4093,
            session_permanent: true,
            session_use_signer: false,
            session_key_prefix: "session:".into(),
            session_id_length: 32,
            session_id_length_fallbacks: Vec::new(),
            session_serialization_format: RecordFormat::default(),
            session_cleanup_n_requests: None,
            session_purge_interval: Some(Duration::from_secs(600)),
            session_redis: None,
            session_sqlalchemy: None,
            session_sqlalchemy_table: "sessions".into(),
            session_sqlalchemy_schema: None,
            session_memcached: vec!["127.0.0.1:11211".into()],
            session_mongodb: None,
            session_mongodb_db: "flask_session".into(),
            session_mongodb_collect: "sessions".into(),
            session_file_dir: "flask_session".into(),
            session_file_threshold: 500,
            session_file_mode: 0o600,
            session_store_timeout: Duration::from_secs(1),
            session_request_timeout: Duration::from_secs(3),
            session_swap_attempts: 200,
            session_breaker_after: 5,
            session_refresh_after: 0.1,
            session_memory_max: 100_000,
            session_ended_poll: Duration::from_secs(5),
            session_migrate_from: None,
        }
    }
}
