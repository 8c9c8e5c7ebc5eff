//! What happens to a field that two requests changed at once.
//!
//! A policy is asked only if the field changed in the store after this request had loaded it;
//! otherwise the request's change simply stands. Its three arguments are what the field held when
//! this request loaded it (`base`), what this request made of it (`mine`) and what the store holds
//! now (`theirs`); `None` is an absent field. The answer is what will be stored.
//!
//! ```
//! use rocket_session_state_core::merge::{self, Refused};
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
mod comparable;
mod error;
mod number;
mod policies;

pub use collection::Collection;
pub use comparable::Comparable;
pub use error::{MergeError, Refused};
pub use number::Number;
pub use policies::{add, last, max, min, refuse, union};

/// A policy for fields that store a `T`.
pub type Policy<T> = fn(base: Option<T>, mine: Option<T>, theirs: Option<T>) -> Result<Option<T>, Refused>;
