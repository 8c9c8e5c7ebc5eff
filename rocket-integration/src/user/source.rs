//! The request guards by which users are found.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use std::future::ready;

use rocket::Request;
use rocket::request::FromRequest;

use crate::guard::{Fut, argument};

/// What [`SessionUser::Source`](crate::SessionUser::Source) can be: a request guard, or nothing.
///
/// `M` tells the two apart; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request guard, so no user can be found by it",
    label = "the `Source` of the user is not a request guard",
    note = "`Source` may be any request guard, such as `&'r State<T>`, or `()` for none"
)]
pub trait UserSource<'r, M>: Sized + Send {
    /// Asks the guard.
    ///
    /// # Errors
    ///
    /// The status with which it failed or forwarded.
    fn ask(request: &'r Request<'_>) -> Fut<'r, Self>;
}

/// Marks a source that is a request guard.
#[derive(Debug)]
pub struct Guard;

/// Marks `()`.
#[derive(Debug)]
pub struct Nothing;

#[diagnostic::do_not_recommend]
impl<'r, T: FromRequest<'r> + Send + 'r> UserSource<'r, Guard> for T {
    fn ask(request: &'r Request<'_>) -> Fut<'r, Self> {
        Box::pin(argument(request))
    }
}

#[diagnostic::do_not_recommend]
impl<'r> UserSource<'r, Nothing> for () {
    fn ask(_: &'r Request<'_>) -> Fut<'r, Self> {
        Box::pin(ready(Ok(())))
    }
}

/// Asks for the source of a user.
///
/// # Errors
///
/// The guard's.
pub fn source<'r, S: UserSource<'r, M>, M>(request: &'r Request<'_>) -> Fut<'r, S> {
    S::ask(request)
}
