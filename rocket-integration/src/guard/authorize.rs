//! Deciding whether a request may enter.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel, async_trait};
use rocket_session_state_core::session::{SaveError, Session as CoreSession};

use super::access::Access;
use super::fields::{Parts, Proof};
use super::launch::abort;
use super::traits::{GuardDef, SessionGuard, SessionState};
use crate::error::{Outage, SessionError};
use crate::request::RequestSession;
use crate::session::Session;

/// The state of the request's session. Several in one request see one session.
///
/// # Errors
///
/// The session can't be loaded.
pub async fn open<S: SessionState>(request: &Request<'_>) -> Result<S, SessionError> {
    let session = Session::of(request).await?;
    if let Some(key) = S::LOGIN {
        session.declare_login(key);
    }
    Ok(S::from_session(session))
}

/// Asks the base, then for a login and its age, then for the user and the guard's own fields, then its check.
///
/// # Errors
///
/// [`SessionError::LoggedOut`] if the state has a login field and nobody is logged in, the user is gone, or the check says
/// that the login does not count; [`SessionError::Stale`] if the login is too long ago; [`SessionError::Forbidden`] if another
/// required field is absent or the check says no; whatever the base and the check say.
pub async fn authorize<G>(request: &Request<'_>) -> Result<G, SessionError>
where
    G: SessionGuard + GuardDef<State: SessionState>,
{
    let decided = decide::<G>(request).await;
    note(request, &decided);
    decided
}

/// Notes in the request what a guard has decided, for its answer: no cache keeps it, and a visitor who has to log in is
/// sent to the guard's page. Every guard comes by here, also one that is written by hand.
pub(super) fn note<G: SessionGuard>(request: &Request<'_>, decided: &Result<G, SessionError>) {
    let has_to_log_in = matches!(decided, Err(SessionError::LoggedOut | SessionError::Stale));
    // Session state lets everybody in.
    if !G::REQUIRES && !has_to_log_in {
        return;
    }
    let in_request = RequestSession::of(request);
    in_request.guarded.store(true, Ordering::Relaxed);
    // A guard by hand without a page leaves that of the guard it has asked.
    if has_to_log_in && G::LOGIN.is_some() {
        let mut login = in_request.pending_login.lock().unwrap_or_else(PoisonError::into_inner);
        *login = G::LOGIN;
    }
}

async fn decide<G>(request: &Request<'_>) -> Result<G, SessionError>
where
    G: GuardDef<State: SessionState>,
{
    // Boxed: inside this future it would make it larger than 1,032 bytes, which malloc serves six times as slowly.
    let state = Box::pin(open::<G::State>(request)).await?;
    if G::FRESH.is_some() {
        // For the same reason in a box.
        Box::pin(make_current(state.session())).await?;
    }
    let base = G::base(request).await?;
    if G::State::LOGIN.is_some() && !state.is_logged_in() {
        return Err(SessionError::LoggedOut);
    }
    if let Some(fresh) = G::FRESH
        && state.session().login_age().is_none_or(|age| age > fresh)
    {
        return Err(SessionError::Stale);
    }
    if G::USER {
        state.user(request).await?;
    }
    let guard = G::build(Parts { state, proof: Proof(base) }, request)?;
    match guard.check(request).await? {
        Access::Allowed => Ok(guard),
        Access::Forbidden => Err(SessionError::Forbidden),
        Access::LogIn => Err(SessionError::LoggedOut),
    }
}

/// Reads past a copy of the session: a login that is asked to be recent is not one that has just ended elsewhere.
async fn make_current(session: &CoreSession) -> Result<(), SessionError> {
    session.ensure_current().await.map_err(|error| match error {
        SaveError::Unavailable(error) => SessionError::Unavailable(Outage::new(error)),
        SaveError::Ended => SessionError::LoggedOut,
        // What this request has changed before does not go with what others have.
        _ => SessionError::Other(Status::Conflict),
    })
}

/// The future in which a state or a guard becomes an argument of a handler.
pub type Entering<'r, G> = Pin<Box<dyn Future<Output = Outcome<G, SessionError>> + Send + 'r>>;

/// The outcome of a state or a guard as an argument of a handler. It never forwards.
pub async fn enter<G: SessionGuard>(request: &Request<'_>) -> Outcome<G, SessionError> {
    let decided = G::authorize(request).await;
    note(request, &decided);
    match decided {
        Ok(guard) => Outcome::Success(guard),
        Err(error) => Outcome::Error((error.status(), error)),
    }
}

/// Stands for a guard that has let the request in; `#[require_session(Member)]` makes it the first
/// argument of a handler.
#[derive(Debug)]
pub struct Require<G>(PhantomData<fn() -> G>);

/// A guard that can be required of a handler: one that keeps somebody out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session guard",
    label = "expected a `#[require_session(..)]` struct",
    note = "session state alone lets everybody in"
)]
pub trait Restrictive: SessionGuard {}

#[diagnostic::do_not_recommend]
impl<G: SessionGuard + GuardDef> Restrictive for G {}

/// Compiles for a guard that can be required of a handler.
pub const fn restrictive<G: Restrictive>() {}

#[async_trait]
impl<'r, G: Restrictive> FromRequest<'r> for Require<G> {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        enter::<G>(request).await.map(|_| Require(PhantomData))
    }
}

impl<G: Restrictive> Sentinel for Require<G> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort::<G>(rocket)
    }
}
