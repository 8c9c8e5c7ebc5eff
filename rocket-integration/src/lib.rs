#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code names this crate, also in tests of its own.
#[cfg(test)]
extern crate self as rocket_session_state;

#[doc(hidden)]
pub mod __private;
mod clear_site_data;
pub mod config;
mod context;
pub mod csrf;
mod error;
mod fairing;
mod flask_login;
pub mod guard;
#[cfg(any(doc, doctest))]
pub mod guide;
mod headers;
mod login;
mod path;
mod recall;
mod request;
mod session;
mod sessions;
pub mod testing;
mod user;
mod user_sessions;

pub use clear_site_data::ClearSiteData;
pub use error::{ForeignRequest, Outage, PurgeError, SessionError};
pub use fairing::SessionFairing;
pub use guard::Access;
pub use login::{Next, NextRedirect};
pub use rocket_session_state_codegen::{require_session, session_state};
pub use rocket_session_state_core::codec::{DecodeError, EncodeError, Format};
pub use rocket_session_state_core::id::SessionId;
pub use rocket_session_state_core::session::{FieldError, Flash, LifetimeTooShort, SaveError, UserSession};
pub use rocket_session_state_core::{events, merge, value};
pub use session::Session;
pub use sessions::Sessions;
pub use user::SessionUser;
pub use user_sessions::UserSessions;

/// Stores of session records: one small trait, and the stores that this library brings.
pub mod store {
    #[cfg(feature = "conformance")]
    #[doc(inline)]
    pub use rocket_session_state_conformance as conformance;
    #[doc(inline)]
    pub use rocket_session_state_core::store::*;
}
