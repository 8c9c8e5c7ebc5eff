//! The session that a request sees: Flask's map, its flags, and what was changed.

mod changes;
mod ended;
mod ended_sessions;
mod error;
pub mod fields;
mod flash;
mod handle;
pub mod id;
mod keeper;
mod login;
pub mod manager;
mod map;
pub mod merge;
pub(crate) mod open;
mod purge;
mod save;
mod state;
mod typed;

pub use changes::FieldRule;
pub use error::{FieldError, SaveError};
pub use flash::Flash;
pub use handle::Session;

pub(crate) use changes::{Changes, Unmergeable};
pub(crate) use keeper::{Keeper, KeeperFuture};
pub(crate) use state::{Flags, Moment, PERMANENT, Rotation, State, Written};
