#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clear_site_data;
mod context;
mod error;
mod fairing;
pub mod guard;
#[cfg(any(doc, doctest))]
pub mod guide;
mod headers;
mod login;
mod path;
mod request;
mod session;
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use clear_site_data::ClearSiteData;
pub use error::{Outage, PurgeError, SessionError};
pub use fairing::Sessions;
pub use login::{Next, NextRedirect};
pub use rocket_session_state_codegen::{require_session, session_state};
pub use rocket_session_state_core::session::{FieldError, Flash};
pub use rocket_session_state_core::{config, fields, manager, merge, store, value};
pub use session::Session;
