//! Who may enter: session state as a request guard, and guards built upon it.
//!
//! `#[session_state]` and `#[require_session]` implement these traits. By hand, a state implements
//! [`SessionState`] and [`SessionGuard`] with [`open`]; a guard implements [`GuardDef`] and
//! [`SessionGuard`] with [`authorize`]. Both become arguments of handlers through Rocket's
//! `FromRequest`, with [`enter`], and refuse to launch without the session fairing through Rocket's
//! `Sentinel`, with [`abort`].

mod bounds;
mod pick;
mod proof;
mod requirement;
mod run;

pub use bounds::{Fut, GuardDef, SessionGuard, SessionState};
pub use proof::{Parts, Proof};
pub use run::{abort, authorize, enter, open};

/// For generated code alone.
pub(crate) mod generated {
    pub use super::bounds::{Fills, Hidden, same};
    pub use super::pick::{NotAnOption, Pick, PickPlain, Probe, unknown};
    pub use super::requirement::{Requirement, RequiresSomething, requires, requires_something};
}
