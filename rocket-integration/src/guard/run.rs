//! Deciding a request.

use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::guard::{Fut, GuardDef, Parts, Proof, SessionGuard, SessionState};
use crate::{Session, SessionError};

/// The state of the request's session. Several in one request see one session.
///
/// # Errors
///
/// The session can't be loaded.
pub fn open<'r, S: SessionState>(request: &'r Request<'_>) -> Fut<'r, S> {
    Box::pin(async move {
        let session = match Session::from_request(request).await {
            Outcome::Success(session) => session,
            Outcome::Error((_, error)) => return Err(error),
            // Ours never forwards. If it did, no other route may answer in this one's place.
            Outcome::Forward(_) => return Err(SessionError::Forbidden),
        };
        if let Some(key) = S::LOGIN {
            session.declare_login(key);
        }
        Ok(S::from_session(session))
    })
}

/// Asks the base, then for a login, then for the guard's own fields.
///
/// # Errors
///
/// [`SessionError::LoggedOut`] if the state has a login field and nobody is logged in;
/// [`SessionError::Forbidden`] if another required field is absent; whatever the base says.
pub fn authorize<'r, G>(request: &'r Request<'_>) -> Fut<'r, G>
where
    G: GuardDef<State: SessionState>,
{
    Box::pin(async move {
        let state = open::<G::State>(request).await?;
        let base = G::base(request).await?;
        if G::State::LOGIN.is_some() && !state.is_logged_in() {
            return Err(SessionError::LoggedOut);
        }
        G::build(Parts { state, proof: Proof(base) })
    })
}

/// The outcome of a state or a guard as an argument of a handler. It never forwards.
pub async fn enter<G: SessionGuard>(request: &Request<'_>) -> Outcome<G, SessionError> {
    match G::authorize(request).await {
        Ok(guard) => Outcome::Success(guard),
        Err(error) => Outcome::Error((error.status(), error)),
    }
}

/// Whether Rocket should refuse to launch: the session fairing is missing.
pub fn abort(rocket: &Rocket<Ignite>) -> bool {
    Session::abort(rocket)
}
