//! The session that a request sees: Flask's map, its flags, and what was changed.

mod change;
mod error;
mod flash;
mod handle;
mod keeper;
mod login;
mod map;
mod state;
mod typed;

pub use change::FieldRule;
pub use error::{FieldError, SessionError};
pub use flash::Flash;
pub use handle::Session;

pub(crate) use change::{Changes, Unmergeable};
pub(crate) use keeper::{Keeper, KeeperFuture};
pub(crate) use state::{Flags, Moment, PERMANENT, Rotation, State, Written};
