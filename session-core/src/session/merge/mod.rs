//! Merge policies: rules for a field that two requests changed at the same time.
//!
//! A policy is asked only if the field changed in the store after this request had loaded it.
//! Otherwise the request's change is stored as it is. A policy has three arguments: the value that this
//! request loaded (`base`), the value that it wants to store (`mine`) and the value that the store holds
//! now (`theirs`). `None` is an absent field. The policy returns the value to store.
//!
//! ```
//! # extern crate rocket_session_state_core as rocket_session_state;
//! use rocket_session_state::merge::{self, Refused};
//!
//! assert_eq!(merge::add(Some(10), Some(11), Some(14)), Ok(Some(15)));
//!
//! /// A policy of one's own, for `#[session(merge = shorter)]`.
//! fn shorter(_base: Option<String>, mine: Option<String>, theirs: Option<String>) -> Result<Option<String>, Refused> {
//!     Ok([mine, theirs].into_iter().flatten().min_by_key(String::len))
//! }
//! # assert_eq!(shorter(None, Some("ab".into()), Some("a".into())), Ok(Some("a".into())));
//! ```

mod collection;
mod error;
mod items;
mod number;
mod policies;

pub use collection::Collection;
pub use error::{MergeError, Refused};
pub use number::Number;
pub use policies::{Comparable, add, last, max, min, refuse, union};

use crate::formats::value::Value;

/// A policy for fields that store a `T`.
pub type Policy<T> = fn(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused>;

/// A policy for values as a session stores them, whatever the field's type.
pub type ValuePolicy =
    fn(base: Option<Value>, mine: Option<Value>, theirs: Option<Value>) -> Result<Option<Value>, MergeError>;
