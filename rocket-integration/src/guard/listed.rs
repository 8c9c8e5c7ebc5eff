//! States whose login field is `listed`.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use rocket_session_state_core::codec::{EncodeError, Format};
use rocket_session_state_core::fields::{Field, SessionValue};
use rocket_session_state_core::value::Value;

use super::traits::SessionState;

/// A state whose users' sessions are listed: its login field is `#[session(login, listed)]`.
///
/// A state that is written by hand says so by [`SessionState::LISTED`], too, by which the launch knows.
#[diagnostic::on_unimplemented(
    message = "the sessions of the users of `{Self}` are not listed",
    label = "expected a state whose login field is `listed`",
    note = "write `#[session(login, listed)]` at the login field of the state, and name the state, not a guard"
)]
pub trait Listed: SessionState {
    /// The type of what the login field holds of a user.
    type Id;

    /// Returns the value that the login field of a user with this id has.
    ///
    /// # Errors
    ///
    /// No session can hold it.
    fn login_value(id: &Self::Id) -> Result<Value, EncodeError>;
}

/// Returns the value that the login field `F` has for this id.
///
/// # Errors
///
/// No session can hold it.
pub fn login_value<F: Field>(id: &F::Stored) -> Result<Value, EncodeError> {
    // The format that keeps all kinds of values. The manager makes of it what its own format makes.
    id.to_value(Format::TaggedJson)
}

/// What names a user whose id is an `I`: that, and text where it is a `String`.
#[diagnostic::on_unimplemented(
    message = "the login field holds `{I}`, so `{Self}` is nobody's id",
    label = "expected `&{I}`"
)]
pub trait NamesUser<I> {
    /// Returns the value that the login field of the user has.
    ///
    /// # Errors
    ///
    /// No session can hold it.
    fn login_value<S: Listed<Id = I>>(&self) -> Result<Value, EncodeError>;
}

impl<I> NamesUser<I> for I {
    fn login_value<S: Listed<Id = I>>(&self) -> Result<Value, EncodeError> {
        S::login_value(self)
    }
}

#[diagnostic::do_not_recommend]
impl NamesUser<String> for str {
    fn login_value<S: Listed<Id = String>>(&self) -> Result<Value, EncodeError> {
        S::login_value(&self.to_owned())
    }
}
