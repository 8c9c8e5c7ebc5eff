//! Typed fields of a session: what `#[session_state]` generates is written against this module.
//!
//! A field is a type that implements [`Field`]; the functions of this module read and write it.
//! The same can be written by hand:
//!
//! ```
//! use rocket_session_state_core::session::Session;
//! use rocket_session_state_core::fields::{self, Field};
//!
//! /// How often the visitor came, kept under Flask's name for it.
//! struct Views;
//!
//! impl Field for Views {
//!     type Item = u32;
//!     type Value = u32;
//!     const KEY: &'static str = "views";
//!
//!     fn default() -> u32 {
//!         0
//!     }
//! }
//!
//! fn count(session: &Session) -> u32 {
//!     fields::update::<Views, _>(session, |views| *views += 1);
//!     fields::get::<Views>(session)
//! }
//! ```

mod access;
mod bounds;
mod field;
mod into_field;
mod merging;

pub use access::{get, missing, rule, set, take, update};
pub use bounds::{HasDefault, LoginValue, SessionValue};
pub use field::{Field, Holds};
pub use into_field::IntoField;
pub use merging::{MergeFn, erased};
