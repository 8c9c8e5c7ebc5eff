//! The id of the user in the login field.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use rocket_session_state_core::fields::{Field, set};

use super::SessionUser;
use super::stamp::stamp_of;
use crate::session::Session;

/// The declared type of a login field that holds ids of the type `I`.
#[diagnostic::on_unimplemented(
    message = "the login field is declared as `{Self}`, but the id of the user is `{I}`",
    label = "the login field does not hold the id of the user",
    note = "declare the field as `Option<{I}>`, or give the user an `Id` of the field's type"
)]
pub trait LoginId<I> {
    /// The value of the field while this user is logged in.
    fn of(id: I) -> Self;

    /// The id of the user who is logged in.
    fn id(self) -> Option<I>;
}

#[diagnostic::do_not_recommend]
impl<I> LoginId<I> for Option<I> {
    fn of(id: I) -> Self {
        Some(id)
    }

    fn id(self) -> Option<I> {
        self
    }
}

/// Reads an id from the login field.
pub fn user_id<U: SessionUser, F: LoginId<U::Id>>(declared: F) -> Option<U::Id> {
    declared.id()
}

/// Logs the user in: sets the login field, which renews the id of the session, and seals the stamp.
pub fn log_in<F, U>(session: &Session, user: &U)
where
    F: Field<Declared: LoginId<U::Id>>,
    U: SessionUser,
{
    set::<F>(session, F::Declared::of(user.id()));
    stamp_of(user, |stamp| session.seal_stamp(stamp));
}

/// Implemented for no type: it stands for the user of a state that has none.
#[diagnostic::on_unimplemented(
    message = "`{S}` has no user, so `log_in` does not know its login field",
    label = "this state has no user",
    note = "write `#[session_state(user = {Self})]` above `{S}`, or set the login field"
)]
pub trait UserOf<S> {}
