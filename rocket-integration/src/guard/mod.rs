//! Who may enter: session state as a request guard, and guards built upon it.
//!
//! `#[session_state]` and `#[require_session]` implement these traits. By hand, a state implements
//! [`SessionState`] and [`SessionGuard`] with [`open`]; a guard implements [`GuardDef`] and
//! [`SessionGuard`] with [`authorize`]. Both become arguments of handlers through Rocket's
//! `FromRequest`, with [`enter`], and refuse to launch without the session fairing through Rocket's
//! `Sentinel`, with [`abort`].

mod asked;
mod bounds;
mod check;
mod launch;
mod login_target;
mod mount;
mod pick;
mod proof;
mod require;
mod requirement;
mod run;

pub use bounds::{Fut, GuardDef, SessionGuard, SessionState, TypedKey};
pub use launch::abort;
pub use login_target::LoginTarget;
pub use mount::{gate, required};
pub use proof::{Parts, Proof};
pub use require::{KeepsOut, Require};
pub use run::{authorize, enter, open};

pub(crate) use asked::Asked;
pub(crate) use launch::LaunchChecks;

/// For generated code alone.
pub(crate) mod generated {
    pub use super::bounds::{Fills, HasLogin, Hidden, fresh, freshness, login, same};
    pub use super::check::{Check, check};
    pub use super::pick::{NotAnOption, Pick, PickPlain, Probe, unknown};
    pub use super::requirement::{Requirement, RequiresSomething, requires, requires_something};
}
