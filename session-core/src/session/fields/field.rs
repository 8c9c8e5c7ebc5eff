//! A field of a session and the three shapes in which it may be declared.

use crate::session::FieldError;
use crate::session::fields::SessionValue;
use crate::session::merge::Policy;

/// One typed field of a session. `#[session_state]` makes one for every field of its struct.
pub trait Field {
    /// The stored type: `T` for a field declared as `T`, `Option<T>` or `Result<T, FieldError>`.
    type Stored: SessionValue;
    /// The declared type, which accessors give and take.
    type Declared: FieldShape<Self::Stored>;
    /// The key in the session, as Flask code sees it.
    const KEY: &'static str;
    /// The policy for a field that another request changed meanwhile. `None`: the last writer wins.
    const MERGE: Option<Policy<Self::Stored>> = None;
    /// The name of the policy, for the layout. A policy without one is `custom` there.
    const POLICY: &'static str = "last";
    /// The name of the field in Rust.
    const NAME: &'static str = Self::KEY;

    /// The value that an absent field reads as.
    fn default() -> Self::Declared;
}

/// A declared type for a stored `T`: `T` itself, `Option<T>` or `Result<T, FieldError>`.
#[diagnostic::on_unimplemented(
    message = "a session field that stores `{T}` can't be declared as `{Self}`",
    note = "declare it as `{T}`, `Option<{T}>` or `Result<{T}, FieldError>`"
)]
pub trait FieldShape<T>: Sized {
    /// `true` if the declared type can say that nothing is stored.
    const CAN_BE_ABSENT: bool = true;

    /// Makes the declared value of what was read; `None` stands for the field's default.
    ///
    /// # Errors
    ///
    /// The stored value is of another type, and `Self` can't say so itself.
    fn from_stored(stored: Result<Option<T>, FieldError>) -> Result<Option<Self>, FieldError>;

    /// The value to store, or `None` to store nothing.
    fn as_stored(&self) -> Option<&T>;

    /// As [`as_stored`](FieldShape::as_stored), by value.
    fn into_stored(self) -> Option<T>;
}

impl<T> FieldShape<T> for T {
    const CAN_BE_ABSENT: bool = false;

    fn from_stored(stored: Result<Option<T>, FieldError>) -> Result<Option<T>, FieldError> {
        stored
    }

    fn as_stored(&self) -> Option<&T> {
        Some(self)
    }

    fn into_stored(self) -> Option<T> {
        Some(self)
    }
}

impl<T> FieldShape<T> for Option<T> {
    fn from_stored(stored: Result<Option<T>, FieldError>) -> Result<Option<Option<T>>, FieldError> {
        Ok(stored?.map(Some))
    }

    fn as_stored(&self) -> Option<&T> {
        self.as_ref()
    }

    fn into_stored(self) -> Option<T> {
        self
    }
}

/// The reason goes to the handler instead of the log.
impl<T> FieldShape<T> for Result<T, FieldError> {
    fn from_stored(stored: Result<Option<T>, FieldError>) -> Result<Option<Self>, FieldError> {
        Ok(stored.transpose())
    }

    fn as_stored(&self) -> Option<&T> {
        self.as_ref().ok()
    }

    fn into_stored(self) -> Option<T> {
        self.ok()
    }
}
