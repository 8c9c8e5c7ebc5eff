//! A guard in front of a handler that does not need its value.

use std::marker::PhantomData;

use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel, async_trait};

use crate::SessionError;
use crate::guard::{GuardDef, SessionGuard, abort, enter};

/// Stands for a guard that has let the request in; `#[require_session(Member)]` makes it the first
/// argument of a handler.
#[derive(Debug)]
pub struct Require<G>(PhantomData<fn() -> G>);

/// A guard that can stand in front of a handler: one that keeps somebody out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no session guard",
    label = "this does not say who has to stay out",
    note = "name a `#[require_session(..)]` struct; session state alone lets everybody in"
)]
pub trait KeepsOut: SessionGuard {}

#[diagnostic::do_not_recommend]
impl<G: SessionGuard + GuardDef> KeepsOut for G {}

#[async_trait]
impl<'r, G: KeepsOut> FromRequest<'r> for Require<G> {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        enter::<G>(request).await.map(|_| Require(PhantomData))
    }
}

impl<G: KeepsOut> Sentinel for Require<G> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort::<G>(rocket)
    }
}
