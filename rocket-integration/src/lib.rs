#![doc = include_str!("../README.md")]

mod commit;
mod error;
pub mod guard;
mod replace;
mod request;
mod session;
mod sessions;

#[doc(hidden)]
pub mod __private;

pub use error::SessionError;
pub use session::Session;
pub use session_core::session::{FieldError, Flash};
pub use session_core::{config, manager, merge, store, typed, value};
pub use session_macros::{require_session, session_state};
pub use sessions::Sessions;
