//! Session state as a request guard, and guards that extend it.
//!
//! `#[session_state]` and `#[require_session]` implement these traits. By hand, a state implements
//! [`SessionState`] and [`SessionGuard`] with [`open`]; a guard implements [`GuardDef`] and
//! [`SessionGuard`] with [`authorize`]. Both become arguments of handlers through Rocket's
//! `FromRequest`, with [`enter`], and refuse to launch without the session fairing through Rocket's
//! `Sentinel`, with [`abort`].

mod access;
mod authorize;
mod check;
mod document;
mod fields;
mod gate;
mod launch;
mod listed;
mod traits;
mod unmarked;

pub use access::Access;
pub use authorize::{Require, Restrictive, authorize, enter, open};
pub use fields::{Parts, Proof};
pub use gate::{gate, required};
pub use launch::abort;
pub use listed::{Listed, NamesUser};
pub use traits::{Fut, GuardDef, LayoutOf, NoUser, SessionGuard, SessionState, TypedKey};

pub use crate::login::LoginTarget;

pub(crate) use check::argument;
pub(crate) use gate::{is_gate, never_answers, table};
pub(crate) use launch::{LaunchChecks, stored_type};

/// For generated code alone.
pub(crate) mod generated {
    pub use super::access::Answer;
    pub use super::authorize::{Entering, restrictive};
    pub use super::check::{Check, check};
    pub use super::document::{COOKIE, SCHEME, refusals, scheme};
    pub use super::fields::{
        Decoy, FieldName, FieldNames, FieldsOf, FillsField, Names, PlainField, field, fill, is_required,
        session_of, typed_key, unknown_field,
    };
    pub use super::listed::login_value;
    pub use super::traits::{
        HasLogin, Requirement, RequiresSomething, fresh, freshness, login, requires_something,
    };
    pub use super::unmarked::{Attribute, MarksUser, TheUser};
}
