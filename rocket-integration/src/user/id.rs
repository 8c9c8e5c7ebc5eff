//! The id of the user in the login field.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use rocket_session_state_core::fields::{Field, get, set};
use rocket_session_state_core::session;

use super::SessionUser;
use super::stamp::stamp_of;
use crate::session::Session;

/// The declared type of a login field that holds ids of the type `I`.
#[diagnostic::on_unimplemented(
    message = "the login field holds the `Id` of the user, so it can't be `{Self}`",
    label = "expected `Option<{I}>`",
    note = "write `Option<{I}>`, or give the user another `Id`"
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

/// The login field of a state with a user.
#[derive(Debug)]
pub struct LoginField<I> {
    get: fn(&Session) -> Option<I>,
    set: fn(&Session, I),
}

impl<I> LoginField<I> {
    /// Returns the id of the user who is logged in.
    pub(super) fn get(&self, session: &Session) -> Option<I> {
        (self.get)(session)
    }
}

/// Returns the login field `F` of users with such ids.
pub fn login_field<F: Field<Declared: LoginId<I>>, I>() -> LoginField<I> {
    LoginField {
        get: |session| get::<F>(session).id(),
        set: |session, id| set::<F>(session, F::Declared::of(id)),
    }
}

/// Logs the user in: sets the login field, which renews the id of the session, and seals the stamp.
pub fn log_in<U: SessionUser<Id: Sized>>(session: &Session, field: LoginField<U::Id>, user: &U) {
    (field.set)(session, user.id());
    prove(session, user);
}

/// Notes that the user was proven to be the one who logs in, and seals the stamp.
pub(crate) fn prove<U: SessionUser>(session: &session::Session, user: &U) {
    if stamp_of(user, |stamp| session.prove_login(Some(stamp))).is_none() {
        session.prove_login(None);
    }
}
