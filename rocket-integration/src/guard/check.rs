//! The functions that `check = ..` accepts.
//!
//! The compiler quotes lines of this file in its errors: they are kept short and rarely moved.

use std::future::{Future, ready};
use std::sync::Arc;

use rocket::Request;
use rocket::futures::FutureExt as _;
use rocket::futures::future::Either;
use rocket::request::{FromRequest, Outcome};

use super::access::{Access, Answer};
use super::authorize::open;
use super::traits::{Fut, GuardDef, SessionState};
use crate::error::SessionError;

/// A function that decides about a guard `G` on a base `B`: it takes one of the two by reference, or the user of the
/// state `S`, and perhaps a request guard or the request, and gives an [`Answer`] or a future of one.
///
/// `M` tells the forms apart; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be used as `check`",
    label = "expected `fn(&{G}) -> bool` or `fn(&{B}) -> bool`, async or not",
    note = "where the state has a user, it may take that: `fn(&User) -> bool`",
    note = "a second parameter may be a request guard, such as `&State<T>`, or `&Request<'_>`",
    note = "instead of `bool` it may give `Access`, or a `Result` of one of them with a `Status`"
)]
pub trait Check<'r, 'q: 'r, G, B, S, M> {
    /// Decides.
    ///
    /// # Errors
    ///
    /// The function, or the request guard that it asks for, failed.
    fn run(self, guard: &'r G, base: &'r B, request: &'r Request<'q>) -> Fut<'r, Access>;
}

/// Decides with any such function.
pub fn check<'r, 'q, G, B, S, M, F>(
    guard: &'r G,
    base: &'r B,
    request: &'r Request<'q>,
    check: F,
) -> Fut<'r, Access>
where
    G: GuardDef<State = S>,
    F: Check<'r, 'q, G, B, S, M>,
{
    check.run(guard, base, request)
}

/// What a check gives: an [`Answer`], or a future of one.
pub trait Decision<'r, M>: Send + 'r {
    /// Decides, at once or later.
    fn decide(self) -> impl Future<Output = Result<Access, SessionError>> + Send + 'r;
}

/// Marks a check that takes the guard.
#[derive(Debug)]
pub struct TakesGuard;

/// Marks a check that takes the guard's base.
#[derive(Debug)]
pub struct TakesBase;

/// Marks a check that takes the user.
#[derive(Debug)]
pub struct TakesUser;

/// Marks a check that takes the request too.
#[derive(Debug)]
pub struct WithRequest;

/// Marks a check that answers at once.
#[derive(Debug)]
pub struct Immediate;

/// Marks a check that answers later.
#[derive(Debug)]
pub struct Deferred;

impl<'r, A: Answer> Decision<'r, Immediate> for A {
    fn decide(self) -> impl Future<Output = Result<Access, SessionError>> + Send + 'r {
        ready(self.access())
    }
}

impl<'r, F: Future<Output: Answer> + Send + 'r> Decision<'r, Deferred> for F {
    fn decide(self) -> impl Future<Output = Result<Access, SessionError>> + Send + 'r {
        self.map(Answer::access)
    }
}

/// Asks for a request guard that a check takes, or by which a user is found.
pub(crate) fn argument<'r, A: FromRequest<'r> + Send + 'r>(
    request: &'r Request<'_>,
) -> impl Future<Output = Result<A, SessionError>> + Send + 'r {
    A::from_request(request).map(|outcome| match outcome {
        Outcome::Success(argument) => Ok(argument),
        // Another route must not answer in place of one that is guarded.
        Outcome::Error((status, _)) | Outcome::Forward(status) => Err(SessionError::Other(status)),
    })
}

/// The three forms for a check that takes `$taken`, named `$name` here.
///
/// Futures are put together by hand: in an `async` block, Rust before 1.95 can't see that they are `Send`
/// (rust-lang/rust#100013).
macro_rules! checks {
    ($marker:ty, $taken:ident, ($guard:ident, $base:ident) => $name:ident) => {
        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, R, M> Check<'r, 'q, G, B, S, ($marker, M)> for F
        where
            F: Fn(&'r $taken) -> R,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, _: &'r Request<'q>) -> Fut<'r, Access> {
                Box::pin(self($name).decide())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, R, M>
            Check<'r, 'q, G, B, S, ($marker, WithRequest, WithRequest, M)> for F
        where
            F: Fn(&'r $taken, &'r Request<'q>) -> R,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, request: &'r Request<'q>) -> Fut<'r, Access> {
                Box::pin(self($name, request).decide())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, A: 'r, R, M> Check<'r, 'q, G, B, S, ($marker, A, M)> for F
        where
            $taken: Sync,
            F: Fn(&'r $taken, A) -> R + Send + 'r,
            A: FromRequest<'r> + Send,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, request: &'r Request<'q>) -> Fut<'r, Access> {
                Box::pin(argument(request).then(move |argument| match argument {
                    Ok(argument) => Either::Left(self($name, argument).decide()),
                    Err(error) => Either::Right(ready(Err(error))),
                }))
            }
        }
    };
}

checks!(TakesGuard, G, (guard, _base) => guard);
checks!(TakesBase, B, (_guard, base) => base);

/// Finds the user whom a check takes.
async fn user<'r, S: SessionState>(request: &'r Request<'_>) -> Result<&'r S::User, SessionError> {
    let state = open::<S>(request).await?;
    state.user(request).await.map(Arc::as_ref)
}

#[diagnostic::do_not_recommend]
impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, R, M> Check<'r, 'q, G, B, S, (TakesUser, M)> for F
where
    S: SessionState,
    F: Fn(&'r S::User) -> R + Send + 'r,
    R: Decision<'r, M>,
{
    fn run(self, _: &'r G, _: &'r B, request: &'r Request<'q>) -> Fut<'r, Access> {
        Box::pin(Box::pin(user::<S>(request)).then(move |found| match found {
            Ok(user) => Either::Left(self(user).decide()),
            Err(error) => Either::Right(ready(Err(error))),
        }))
    }
}

#[diagnostic::do_not_recommend]
impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, R, M> Check<'r, 'q, G, B, S, (TakesUser, WithRequest, WithRequest, M)>
    for F
where
    S: SessionState,
    F: Fn(&'r S::User, &'r Request<'q>) -> R + Send + 'r,
    R: Decision<'r, M>,
{
    fn run(self, _: &'r G, _: &'r B, request: &'r Request<'q>) -> Fut<'r, Access> {
        Box::pin(Box::pin(user::<S>(request)).then(move |found| match found {
            Ok(user) => Either::Left(self(user, request).decide()),
            Err(error) => Either::Right(ready(Err(error))),
        }))
    }
}

#[diagnostic::do_not_recommend]
impl<'r, 'q: 'r, G: 'r, B: 'r, S, F, A: 'r, R, M> Check<'r, 'q, G, B, S, (TakesUser, A, M)> for F
where
    S: SessionState,
    F: Fn(&'r S::User, A) -> R + Send + 'r,
    A: FromRequest<'r> + Send,
    R: Decision<'r, M>,
{
    fn run(self, _: &'r G, _: &'r B, request: &'r Request<'q>) -> Fut<'r, Access> {
        let user = Box::pin(user::<S>(request));
        Box::pin(user.then(move |found| match found {
            Ok(user) => Either::Left(argument(request).then(move |argument| match argument {
                Ok(argument) => Either::Left(self(user, argument).decide()),
                Err(error) => Either::Right(ready(Err(error))),
            })),
            Err(error) => Either::Right(ready(Err(error))),
        }))
    }
}
