//! The functions that `check = ..` accepts.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use std::future::{Future, ready};

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::SessionError;
use crate::guard::Fut;

/// A function that decides about a guard `G` on a base `B`: it takes one of the two by reference, and
/// perhaps a request guard or the request, and gives a `bool` or a future of one.
///
/// `M` tells the forms apart; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no check of `{G}` or `{B}`",
    label = "expected `fn(&{G}) -> bool` or `fn(&{B}) -> bool`, async or not",
    note = "a second parameter may be a request guard, such as `&State<T>`, or `&Request<'_>`"
)]
pub trait Check<'r, 'q: 'r, G, B, M> {
    /// Decides.
    ///
    /// # Errors
    ///
    /// The request guard that the function asks for failed.
    fn run(self, guard: &'r G, base: &'r B, request: &'r Request<'q>) -> Fut<'r, bool>;
}

/// Decides with any such function.
pub fn check<'r, 'q, G, B, M, F>(
    guard: &'r G,
    base: &'r B,
    request: &'r Request<'q>,
    check: F,
) -> Fut<'r, bool>
where
    F: Check<'r, 'q, G, B, M>,
{
    check.run(guard, base, request)
}

/// What a check gives: `bool`, or a future of one.
pub trait Decision<'r, M>: Send + 'r {
    /// The answer, sooner or later.
    fn decide(self) -> impl Future<Output = bool> + Send + 'r;
}

/// Marks a check that takes the guard.
#[derive(Debug)]
pub struct OfGuard;

/// Marks a check that takes the guard's base.
#[derive(Debug)]
pub struct OfBase;

/// Marks a check that takes the request too.
#[derive(Debug)]
pub struct WithRequest;

/// Marks a check that answers at once.
#[derive(Debug)]
pub struct Sync;

/// Marks a check that answers later.
#[derive(Debug)]
pub struct Async;

impl<'r> Decision<'r, Sync> for bool {
    fn decide(self) -> impl Future<Output = bool> + Send + 'r {
        ready(self)
    }
}

impl<'r, F: Future<Output = bool> + Send + 'r> Decision<'r, Async> for F {
    fn decide(self) -> impl Future<Output = bool> + Send + 'r {
        self
    }
}

/// The three forms for a check that takes `$taken`, named `$name` here.
macro_rules! checks {
    ($marker:ty, $taken:ident, ($guard:ident, $base:ident) => $name:ident) => {
        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, F, R, M> Check<'r, 'q, G, B, ($marker, M)> for F
        where
            F: Fn(&'r $taken) -> R,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, _: &'r Request<'q>) -> Fut<'r, bool> {
                let decision = self($name).decide();
                Box::pin(async move { Ok(decision.await) })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, F, R, M> Check<'r, 'q, G, B, ($marker, WithRequest, WithRequest, M)>
            for F
        where
            F: Fn(&'r $taken, &'r Request<'q>) -> R,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, request: &'r Request<'q>) -> Fut<'r, bool> {
                let decision = self($name, request).decide();
                Box::pin(async move { Ok(decision.await) })
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'r, 'q: 'r, G: 'r, B: 'r, F, A, R, M> Check<'r, 'q, G, B, ($marker, A, M)> for F
        where
            $taken: std::marker::Sync,
            F: Fn(&'r $taken, A) -> R + Send + 'r,
            A: FromRequest<'r> + Send,
            R: Decision<'r, M>,
        {
            fn run(self, $guard: &'r G, $base: &'r B, request: &'r Request<'q>) -> Fut<'r, bool> {
                Box::pin(async move {
                    let argument = match A::from_request(request).await {
                        Outcome::Success(argument) => argument,
                        // Another route must not answer in place of one that is guarded.
                        Outcome::Error((status, _)) | Outcome::Forward(status) => {
                            return Err(SessionError::Other(status));
                        }
                    };
                    let decision = self($name, argument).decide();
                    Ok(decision.await)
                })
            }
        }
    };
}

checks!(OfGuard, G, (guard, _base) => guard);
checks!(OfBase, B, (_guard, base) => base);
