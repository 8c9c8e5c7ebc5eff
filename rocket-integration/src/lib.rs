#![doc = include_str!("../README.md")]

mod commit;
mod error;
mod replace;
mod request;
mod session;
mod sessions;

pub use error::SessionError;
pub use session::Session;
pub use session_core::session::{FieldError, Flash};
pub use session_core::{config, store, value};
pub use session_macros::{require_session, session_state};
pub use sessions::Sessions;
