//! A field of a session and the three forms in which it may be declared.

use crate::session::FieldError;
use crate::session::fields::SessionValue;
use crate::session::merge::Policy;

/// One typed field of a session. `#[session_state]` makes one for every field of its struct.
pub trait Field {
    /// What is stored: for a field declared as `Option<T>` or `Result<T, FieldError>` it is `T`.
    type Item: SessionValue;
    /// What the accessors give and take: the type as it was declared.
    type Value: Holds<Self::Item>;
    /// The key in the session, as Flask code sees it.
    const KEY: &'static str;
    /// What happens if another request changed the field meanwhile. `None`: the last writer wins.
    const MERGE: Option<Policy<Self::Item>> = None;

    /// What an absent field reads as.
    fn default() -> Self::Value;
}

/// A declared type `Self` that holds a stored `T`: `T` itself, `Option<T>` or `Result<T, FieldError>`.
#[diagnostic::on_unimplemented(
    message = "a session field that stores `{T}` can't be declared as `{Self}`",
    note = "declare it as `{T}`, `Option<{T}>` or `Result<{T}, FieldError>`"
)]
pub trait Holds<T>: Sized {
    /// The declared type for what is stored; `None` for an absence that the default should fill.
    ///
    /// # Errors
    ///
    /// The stored value does not decode, and `Self` can't say so itself.
    fn hold(stored: Result<Option<T>, FieldError>) -> Result<Option<Self>, FieldError>;

    /// What is to be stored, or `None` for nothing.
    fn held(&self) -> Option<&T>;

    /// What is to be stored, by value.
    fn into_held(self) -> Option<T>;
}

impl<T> Holds<T> for T {
    fn hold(stored: Result<Option<T>, FieldError>) -> Result<Option<T>, FieldError> {
        stored
    }

    fn held(&self) -> Option<&T> {
        Some(self)
    }

    fn into_held(self) -> Option<T> {
        Some(self)
    }
}

impl<T> Holds<T> for Option<T> {
    fn hold(stored: Result<Option<T>, FieldError>) -> Result<Option<Option<T>>, FieldError> {
        Ok(stored?.map(Some))
    }

    fn held(&self) -> Option<&T> {
        self.as_ref()
    }

    fn into_held(self) -> Option<T> {
        self
    }
}

/// The reason goes to the handler instead of the log.
impl<T> Holds<T> for Result<T, FieldError> {
    fn hold(stored: Result<Option<T>, FieldError>) -> Result<Option<Self>, FieldError> {
        Ok(stored.transpose())
    }

    fn held(&self) -> Option<&T> {
        self.as_ref().ok()
    }

    fn into_held(self) -> Option<T> {
        self.ok()
    }
}
