//! Typed fields of a session: the code that `#[session_state]` generates calls this module.
//!
//! A field is a type that implements [`Field`]. The functions of this module read and write it.
//! A field can also be written by hand:
//!
//! ```
//! # use rocket_session_state_core::session::Session;
//! # use rocket_session_state_core::fields::{self, Field};
//! /// How often the visitor came, kept under Flask's name for it.
//! struct Views;
//!
//! impl Field for Views {
//!     type Stored = u32;
//!     type Declared = u32;
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
mod picture;

pub use access::{get, merge_field, missing, rule, set, take, update};
pub use bounds::{HasDefault, LoginValue, SessionValue};
pub use field::{Field, FieldShape};
pub use into_field::IntoField;
pub use picture::{Picture, picture};
