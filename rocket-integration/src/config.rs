//! The settings of sessions in code, for [`Sessions::with_config`](crate::Sessions::with_config).
//!
//! Applications that are configured by `Rocket.toml` and the environment need nothing of it.
//!
//! ```
//! use rocket_session_state::Sessions;
//! use rocket_session_state::config::{SessionConfig, SessionType};
//!
//! let mut config = SessionConfig::default();
//! config.session_type = SessionType::Memory;
//! config.session_cookie_name = "shop".to_string();
//! let rocket = rocket::build().attach(Sessions::with_config(config));
//! ```

#[doc(inline)]
pub use rocket_session_state_core::config::{
    ConfigError, CrossOrigin, MigrateFrom, Place, Problem, RecordFormat, RedisUrl, SameSite, SecretKey,
    SessionConfig, SessionProtection, SessionType, StoreSettings, UnknownChoice, Warning, WhenFull,
    store_settings,
};
