//! The configuration: Flask's keys, read from figment, checked before anything is launched.
//!
//! [`SessionConfig::from_figment`] reads the keys of the selected profile, in lower case or in Flask's
//! capitals; [`SessionConfig::check`] takes a configuration made in code. Both apply the same rules and
//! report every mistake at once, each with where it was made.

pub(crate) mod check;
mod cookie;
mod cross_origin;
mod csrf;
mod from_figment;
#[cfg(test)]
mod guide_tests;
mod known_keys;
mod lifetimes;
mod migrate_from;
mod origin;
mod record_format;
mod remember;
mod secrets;
mod unused_keys;
mod user_limit;

use std::time::Duration;

use figment::Figment;

pub use crate::formats::cookie::SameSite;
pub use crate::settings::{ConfigError, Place, Problem, SecretKey, UnknownChoice, Warning};
pub use crate::store::RedisUrl;
pub use crate::store::registry::{SessionType, StoreSettings, store_settings};
pub use check::CheckedConfig;
pub use cross_origin::CrossOrigin;
pub use migrate_from::MigrateFrom;
pub use origin::{Host, Origin};
pub use record_format::RecordFormat;
pub use remember::SessionProtection;
pub use user_limit::WhenFull;

use crate::formats::codec::Format;
use crate::formats::signing::LONGEST_COOKIE;
use crate::settings::range::{each_within, milliseconds, never_or_seconds, none_or_seconds, seconds, within};
use crate::settings::reader::{some, some_or_false, some_or_zero};
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::Backend;
use crate::store::{DynStore, StoreError};

settings! {
    /// The behaviour of sessions: Flask's and Flask-Session's keys, in lower case, and a few of our own.
    ///
    /// The keys of the configuration have the names of these fields, at the top level of a profile; those of a store
    /// are fields of its settings, which name their keys. Two more exist only there and end up in
    /// [`secret_key`](Self::secret_key): `session_secret_key`, for applications where Rocket's own `secrets` feature
    /// claims `secret_key`, and `session_secret_key_base64`, for keys that are not text. A duration is written as
    /// seconds, whole or fractional, or as text: `"31 days"`, `"1h 30m"`.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use std::time::Duration;
    /// use rocket_session_state::config::{SessionConfig, SessionType};
    ///
    /// let mut config = SessionConfig::default();
    /// config.session_type = SessionType::Memory;
    /// config.permanent_session_lifetime = Duration::from_secs(7200);
    /// config.store.memory.max = 1_000;
    /// // In an application: rocket::build().attach(Sessions::with_config(config))
    /// ```
    pub struct SessionConfig: AnySession {
        /// The key that signs. Needed for the cookie store and for
        /// [`session_use_signer`](Self::session_use_signer); at least 16 bytes outside the debug profile.
        /// Text is used as UTF-8; a list of byte values is possible too. Default: none.
        secret_key: Option<SecretKey> = None,
            also session_secret_key some, also session_secret_key_base64 secrets::from_base64, read some;
        /// Older keys that are still accepted and never sign. Whoever guesses one can sign with it, so the rules are
        /// those of [`secret_key`](Self::secret_key). Default: none.
        ///
        /// A single text is refused: Flask would take each of its letters for a key.
        secret_key_fallbacks: Vec<SecretKey> = Vec::new();
        /// Launches outside the debug profile with keys that can be guessed, among them those of less than 16 bytes,
        /// with a warning each time: for a short key that Flask has already. Default: false.
        session_allow_weak_secret: bool = false;
        /// The place where sessions live. Default: the signed cookie itself.
        session_type: SessionType = SessionType::default();

        /// Name of the cookie, a token of RFC 6265. Default: `session`.
        session_cookie_name: String = "session".into();
        /// `Domain` of the cookie. Leading dots are stripped and other scripts become Punycode, as in Flask.
        /// Default: none (in a file also `false`), so that the cookie belongs to the host alone.
        session_cookie_domain: Option<String> = None, read some_or_false;
        /// `Path` of the cookie. Default: none, then [`application_root`](Self::application_root) is used.
        session_cookie_path: Option<String> = None, read some_or_false;
        /// Stands in for [`session_cookie_path`](Self::session_cookie_path); nothing else uses it. Default: `/`.
        application_root: String = "/".into();
        /// Hides the cookie from scripts (`HttpOnly`). Default: true.
        session_cookie_httponly: bool = true;
        /// Keeps browsers from sending the cookie over plain HTTP (`Secure`); Chrome and Firefox count `localhost` as
        /// HTTPS. Default: none, which is on outside the debug profile, and in it where Rocket serves TLS (Flask:
        /// off). A checked configuration always holds a value.
        session_cookie_secure: Option<bool> = None, read some;
        /// Keeps the cookie apart per embedding site (`Partitioned`, CHIPS). Turns `Secure` on, as in Flask.
        /// Default: false.
        session_cookie_partitioned: bool = false;
        /// The cross-site requests on which browsers send the cookie. Default: `Lax` (Flask: none). `None` sends no
        /// attribute and is written `false` in a file; the text `"None"` is [`SameSite::None`].
        session_cookie_samesite: Option<SameSite> = Some(SameSite::Lax), read some_or_false;
        /// Life of a record in the store, greatest age of a signed cookie, and `Expires` of a permanent
        /// session's cookie. From one second to 36,500 days. Default: 31 days.
        permanent_session_lifetime: Duration = Duration::from_secs(31 * 24 * 60 * 60), range seconds;
        /// Life of a session since its log-in, or since it was created if nobody is logged in, however often it is used:
        /// record and cookie never outlive it. Default: none (also 0), so that a session that is used never ends.
        session_absolute_lifetime: Option<Duration> = None, read some_or_zero, range never_or_seconds;
        /// The longest life of its own that a session may be given, by
        /// [`set_lifetime`](crate::session::Session::set_lifetime). Default: none (also 0), which is the greatest of
        /// 31 days, [`permanent_session_lifetime`](Self::permanent_session_lifetime) and
        /// [`session_absolute_lifetime`](Self::session_absolute_lifetime).
        session_lifetime_max: Option<Duration> = None, read some_or_zero, range none_or_seconds;
        /// Extends the life of a session also when a request only reads it, and sends a permanent one's cookie again, both
        /// when that is due (`session_refresh_after`). Default: true.
        session_refresh_each_request: bool = true;
        /// Share of the lifetime, 0 to 1, that must have passed since the last time before record and cookie are extended
        /// again. 0 is Flask's way: every use extends and sends. Default: 0.1.
        session_refresh_after: f64 = 0.1, range within(0.0..=1.0, ", a share of the lifetime");
        /// Greatest size of the cookie in bytes, name and attributes included; a larger one is an error.
        /// 0 leaves the limit of what is read when it comes back: a value of 8192 bytes. Default: 4093, what browsers
        /// keep.
        max_cookie_size: usize = 4093, range within(0..=LONGEST_COOKIE, " bytes, what is read of a cookie");
        /// Logs out, when the user is looked for, who has logged in without the user's stamp: by Flask, by setting the login
        /// field, or before there was one. Otherwise such a session gets its stamp then. Default: false.
        session_stamp_required: bool = false;
        /// What becomes of a request other than GET, HEAD, OPTIONS and TRACE that a page of another origin has sent, when
        /// it asks for its session: refused with 403, or allowed. Default: refuse.
        session_cross_origin: CrossOrigin = CrossOrigin::default();
        /// Other origins whose pages may send such requests, and may be the login pages of guards: scheme, host and perhaps
        /// port, such as `https://accounts.example`. Default: none.
        session_trusted_origins: Vec<String> = Vec::new(), read cross_origin::origins;
        /// Writes a line for each event of a session to the log, at level `info` under the target `session::audit`. It names
        /// sessions by handles that let nobody in, and neither users nor values. Default: false.
        session_audit_log: bool = false;
        /// The key that signs the tokens of `csrf::FlaskWtf`. Default: none, then
        /// [`secret_key`](Self::secret_key) signs them.
        wtf_csrf_secret_key: Option<SecretKey> = None, read some;
        /// The form field of such a token, and the session's key of the secret that it is made of. Default: `csrf_token`.
        wtf_csrf_field_name: String = "csrf_token".into();
        /// Age up to which such a token is accepted; none, in a file `false`, for any age. Default: one hour.
        wtf_csrf_time_limit: Option<Duration> = Some(Duration::from_secs(3600)), read some_or_false,
            range csrf::time_limit;
        /// The headers that may bring such a token instead of a form, the first of them that is there.
        /// Default: `X-CSRFToken` and `X-CSRF-Token`.
        wtf_csrf_headers: Vec<String> = vec!["X-CSRFToken".into(), "X-CSRF-Token".into()], read csrf::headers;
        /// What becomes of a login whose browser has another address or `User-Agent` than the one that has logged in, where
        /// logins are shared with Flask-Login. None, in a file `false`, for nothing. Default: basic.
        session_protection: Option<SessionProtection> = Some(SessionProtection::Basic), read some_or_false;
        /// Name of Flask-Login's remember-me cookie. Default: `remember_token`.
        remember_cookie_name: String = "remember_token".into();
        /// The time for which a remember-me cookie that is set here is kept. Default: 365 days.
        remember_cookie_duration: Duration = Duration::from_secs(365 * 24 * 60 * 60), range seconds;
        /// `Domain` of the remember-me cookie. Default: none (in a file also `false`), so that it belongs to the host alone.
        remember_cookie_domain: Option<String> = None, read some_or_false;
        /// `Path` of the remember-me cookie. Default: `/`.
        remember_cookie_path: String = "/".into();
        /// Keeps browsers from sending the remember-me cookie over plain HTTP. Default: none, which is as
        /// [`session_cookie_secure`](Self::session_cookie_secure) (Flask-Login: off). A checked configuration holds a value
        /// where logins are shared.
        remember_cookie_secure: Option<bool> = None, read some;
        /// Hides the remember-me cookie from scripts. Default: true.
        remember_cookie_httponly: bool = true;
        /// The cross-site requests on which browsers send the remember-me cookie; none, in a file `false`, sends no attribute.
        /// Default: `Lax` (Flask-Login: none).
        remember_cookie_samesite: Option<SameSite> = Some(SameSite::Lax), read some_or_false;
        /// Sets the remember-me cookie again with each answer for a user who is logged in, whoever that is, as Flask-Login
        /// does. Default: false.
        remember_cookie_refresh_each_request: bool = false;

        /// Makes a new session in a store permanent from the start. Default: true.
        session_permanent: bool = true, for AnyStore;
        /// Signs the id in the cookie. Default: false.
        session_use_signer: bool = false, for AnyStore;
        /// Text before the id in the store's key: printable ASCII, may be empty. Default: `session:`.
        session_key_prefix: String = "session:".into(), for AnyStore;
        /// Random **bytes** of a new id, 16 to 128. Default: 32, which are 43 characters in the cookie.
        // 16 bytes are 128 bits, below which ids can be guessed.
        session_id_length: usize = 32, range within(16..=128, " bytes"), for AnyStore;
        /// Lengths, in **characters**, of ids that are still accepted: 36 for the UUIDs of Flask-Session up to
        /// 0.5. Default: none.
        session_id_length_fallbacks: Vec<usize> = Vec::new(), range each_within(22..=171, " characters"),
            for AnyStore;
        /// The format in which records are written; both are read. Has no effect on files, which are pickles.
        /// Default: msgpack.
        session_serialization_format: RecordFormat = RecordFormat::default(), for ChosenFormats;
        /// Number of uses of a session after which, on average, expired records are removed, beside what
        /// `session_purge_interval` does. As in Flask-Session for stores that don't expire records by themselves.
        /// Default: none (also 0).
        session_cleanup_n_requests: Option<u32> = None, read some_or_zero, for PurgedStores;
        /// Time between two searches, in the background, for expired records in a store that does not expire them
        /// by itself. Default: 10 minutes; none (also 0) for never.
        session_purge_interval: Option<Duration> = Some(Duration::from_secs(600)), read some_or_zero,
            range never_or_seconds, for PurgedStores;
        /// Greatest size of a record in bytes, as it is stored; a larger one is refused before it is sent, and what is
        /// stored stays. 0 disables the limit. Default: 1 MiB.
        session_max_size: usize = 1024 * 1024, for AnyStore;
        /// Greatest duration of one call of the store. Default: 1 s.
        session_store_timeout: Duration = Duration::from_secs(1), range milliseconds, for AnyStore;
        /// Greatest duration of all calls of the store for one request. Default: 3 s.
        session_request_timeout: Duration = Duration::from_secs(3), range milliseconds, for AnyStore;
        /// Attempts of a save against concurrent changes before it answers 503. Default: 200.
        session_swap_attempts: u32 = 200, range within(1..=u32::MAX, ""), for AnyStore;
        /// Consecutive failures of loads, or of writes, after which these fail fast until the store is back. A store
        /// that answers has not failed, whatever it answers. Default: 5.
        session_breaker_after: u32 = 5, range within(1..=u32::MAX, ""), for AnyStore;
        /// Time for which a renewed id is remembered with its successor, so that requests with the old one undo no
        /// log-in. Default: 60 s; none (also 0) for not at all.
        session_successor_seconds: Option<Duration> = Some(Duration::from_secs(60)), read some_or_zero,
            range never_or_seconds, for AnyStore;
        /// Greatest number of sessions of one user, where the login field is `listed`. Up to 1000. Default: none (also 0).
        session_max_per_user: Option<usize> = None, read some_or_zero, range user_limit::range, for AnyStore;
        /// What becomes of a log-in by which a user would have more: the oldest session is ended, or the log-in is
        /// refused with 409. Default: oldest.
        session_when_full: WhenFull = WhenFull::default(), for AnyStore;
        /// Poll interval of `session.ended()` for sessions that another process ended, where the store does not tell. Default:
        /// 5 s.
        session_ended_poll: Duration = Duration::from_secs(5), range milliseconds, for AnyStore;
        /// The store that sessions are moved out of, each at its first use. In Rocket.toml a table:
        /// `{ type = "redis", redis = "redis://…" }`. Default: none.
        session_migrate_from: Option<MigrateFrom> = None, read some, for AnyStore;
    }
    /// The settings of the stores. In the configuration they are keys beside the others.
    with store: StoreSettings;
}

/// The circumstances that a configuration is checked for: where and how the application runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Environment {
    /// The selected profile is the one named `debug`, whatever the build type: the rules are lenient.
    pub debug_profile: bool,
    /// The server itself speaks TLS.
    pub serves_tls: bool,
    /// The application passes a store of its own in code, so that `session_type` has no effect.
    pub own_store: bool,
    /// A test of the application runs, which makes its own secret where none is set.
    pub in_test: bool,
    /// The application shares its logins with Flask-Login: a cookie that the key signs logs in.
    pub shares_logins: bool,
}

impl SessionConfig {
    /// Reads and checks the configuration of the figment's selected profile, which also says whether it
    /// is the debug profile.
    ///
    /// # Errors
    ///
    /// All problems at once. Where a value can't be read, rules that depend on it are not applied.
    #[doc(hidden)]
    pub fn from_figment(figment: &Figment, environment: Environment) -> Result<CheckedConfig, ConfigError> {
        let mut report = Report::default();
        let config = from_figment::read(figment, environment.own_store, &mut report)?;
        let environment = Environment { debug_profile: figment.profile() == "debug", ..environment };
        check::apply(config, environment, report)
    }

    /// Checks a configuration that was made in code, by the rules of [`from_figment`](Self::from_figment).
    ///
    /// # Errors
    ///
    /// All problems at once, without places.
    #[doc(hidden)]
    pub fn check(self, environment: Environment) -> Result<CheckedConfig, ConfigError> {
        check::apply(self, environment, Report::default())
    }

    /// Returns the `Path` of the cookie: `session_cookie_path`, or `application_root` if that is none or empty.
    pub fn cookie_path(&self) -> &str {
        match self.session_cookie_path.as_deref() {
            None | Some("") => &self.application_root,
            Some(path) => path,
        }
    }

    /// Tells whether the cookie has `Secure`. Decided by the check; before it, an open choice counts as off.
    pub fn cookie_secure(&self) -> bool {
        self.session_cookie_secure.unwrap_or(false)
    }

    /// Returns the longest life that a session may have of its own.
    pub fn lifetime_max(&self) -> Duration {
        const DEFAULT: Duration = Duration::from_secs(31 * 24 * 60 * 60);
        self.session_lifetime_max.unwrap_or_else(|| {
            let absolute = self.session_absolute_lifetime.unwrap_or_default();
            DEFAULT.max(self.permanent_session_lifetime).max(absolute)
        })
    }

    /// Returns the key that signs the tokens of forms; `None` where no key is set at all.
    pub fn csrf_key(&self) -> Option<&[u8]> {
        let key = self.wtf_csrf_secret_key.as_ref().or(self.secret_key.as_ref())?;
        Some(key.as_bytes()).filter(|key| !key.is_empty())
    }

    /// Returns the store that `session_type` names; `None` for the cookie.
    pub(crate) fn backend(&self) -> Option<&dyn Backend> {
        self.store.backend(self.session_type)
    }

    /// Makes that store. Nothing is connected yet.
    pub(crate) fn open_store(&self) -> Option<Result<DynStore, StoreError>> {
        self.backend().map(Backend::open)
    }

    /// Returns the format of the records in that store.
    pub(crate) fn store_format(&self) -> Format {
        let fixed = self.backend().and_then(Backend::fixed_format);
        fixed.map_or(self.session_serialization_format.into(), |(format, _)| format)
    }
}
