//! A part of a store that fails on its own.

use std::sync::Arc;

/// A part of a store that fails on its own, such as one server of a cluster: [`Store::part_of`](super::Store::part_of) names
/// it. Parts of one name are the same.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::store::Part;
///
/// assert_eq!(Part::named("127.0.0.1:7001").name(), "127.0.0.1:7001");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part(Arc<str>);

impl Part {
    /// Names a part, for people: the log tells which one is away. The name must not hold a login.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        Part(name.into())
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }
}
