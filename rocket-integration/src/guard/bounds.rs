//! The traits that carry the bounds of states and guards, with the words that the compiler says.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use std::future::Future;
use std::pin::Pin;

use rocket::Request;

use crate::guard::Parts;
use crate::{Session, SessionError};

/// The boxed future in which a guard is decided.
pub type Fut<'r, T> = Pin<Box<dyn Future<Output = Result<T, SessionError>> + Send + 'r>>;

/// A typed view of a session, as `#[session_state]` makes it.
pub trait SessionState: Sized + Send + 'static {
    /// The names of the fields, and whether a field is an `Option`, which a guard can require.
    const FIELDS: &'static [(&'static str, bool)];

    /// The key of the login field, if there is one.
    const LOGIN: Option<&'static str> = None;

    /// A view of this session.
    fn from_session(session: Session) -> Self;

    /// The session behind the view.
    fn session(&self) -> &Session;

    /// Whether the login field is present; never, where there is none.
    fn is_logged_in(&self) -> bool {
        false
    }
}

/// A type that says who may enter: session state lets everybody in, a guard whom it requires.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither session state nor a session guard",
    label = "this type does not say who may enter",
    note = "name a `#[session_state]` struct or a `#[require_session(..)]` struct"
)]
pub trait SessionGuard: Sized + Send + 'static {
    /// The state in which the fields are.
    type State: SessionState;
    /// Whether anybody is kept out. A guard that keeps nobody out does not compile.
    const REQUIRES: bool;

    /// Decides whether the request may enter.
    ///
    /// # Errors
    ///
    /// It may not, or the session can't be loaded.
    fn authorize<'r>(request: &'r Request<'_>) -> Fut<'r, Self>;
}

/// What a `#[require_session]` struct is made of. [`authorize`](crate::guard::authorize) does the rest.
///
/// `Base` and `State` have no bounds: a base that is no guard is one error, at the base.
pub trait GuardDef: Sized {
    /// The state or the guard that this one builds upon.
    type Base;
    /// The state of the base.
    type State;
    /// The fields of the state that this guard reads.
    const FIELDS: &'static [&'static str];

    /// Asks the base.
    fn base<'r>(request: &'r Request<'_>) -> Fut<'r, Self::Base>;

    /// Reads the fields.
    ///
    /// # Errors
    ///
    /// A required field is absent.
    fn build(parts: Parts<Self>) -> Result<Self, SessionError>;
}

/// A state's field of type `Self` can fill a guard's field of type `G`: only if the types are equal.
#[diagnostic::on_unimplemented(
    message = "the session field holds `{Self}`, but this guard field is a `{G}`",
    label = "wrong type for this guard field",
    note = "give both the same type; an `Option<T>` in the state becomes `T` in a guard"
)]
pub trait Fills<G> {
    /// The guard's field.
    fn fill(self) -> G;
}

impl<T> Fills<T> for T {
    fn fill(self) -> T {
        self
    }
}

/// With a second way to fill, the compiler does not take the only one for granted, and so reports a
/// wrong type in the words above.
#[derive(Debug)]
pub struct Hidden<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T> Fills<Hidden<T>> for T {
    fn fill(self) -> Hidden<T> {
        Hidden(self)
    }
}

/// A guard's field from what was read.
pub fn same<G, S: Fills<G>>(read: S) -> G {
    read.fill()
}
