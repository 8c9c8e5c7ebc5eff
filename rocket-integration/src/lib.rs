#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../README.md")]

mod clear_site_data;
mod commit;
mod dots;
mod error;
pub mod guard;
#[cfg(any(doc, doctest))]
pub mod guide;
mod login_pages;
mod login_redirect;
mod mounted;
mod next;
mod pattern;
mod purge_error;
mod purging;
mod replace;
mod request;
mod session;
mod sessions;
pub mod testing;
mod touched;

#[doc(hidden)]
pub mod __private;

pub use clear_site_data::ClearSiteData;
pub use error::SessionError;
pub use next::Next;
pub use purge_error::PurgeError;
pub use rocket_session_state_codegen::{require_session, session_state};
pub use rocket_session_state_core::session::{FieldError, Flash};
pub use rocket_session_state_core::{config, fields, manager, merge, store, value};
pub use session::Session;
pub use sessions::Sessions;
