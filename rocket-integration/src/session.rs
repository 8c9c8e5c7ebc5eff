//! The untyped session, as a request guard.

use std::ops::Deref;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::session;

use crate::context::SessionContext;
use crate::error::SessionError;
use crate::request::RequestSession;

/// The session of the request as a map, with the vocabulary of Flask's `session`.
///
/// It is a request guard. A clone costs nothing, and all handles of a request are one session, those inside
/// `#[session_state]` structs included (`visit.session()` gives one).
///
/// Values come back decoded and owned, and no lock is ever handed out. Changes are written when the response
/// is ready, or by [`save`](#method.save). If the handler panics while it holds a handle, nothing is written.
/// Every method counts as using the session, so that the response gets `Vary: Cookie`.
///
/// ```
/// # use rocket::get;
/// use rocket_session_state::{FieldError, Session};
///
/// #[get("/views")]
/// fn views(session: Session) -> Result<String, FieldError> {
///     let views = session.get::<u32>("views")?.unwrap_or(0) + 1;
///     session.set("views", &views);
///     Ok(format!("{views} views"))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Session(session::Session);

impl Session {
    /// Makes the guard of a session that was opened outside any request.
    pub(crate) fn from_core(session: session::Session) -> Self {
        Session(session)
    }

    /// Returns the session of a request, loaded at the first call.
    pub(crate) async fn of(request: &Request<'_>) -> Result<Self, SessionError> {
        RequestSession::open(request).await.map(|session| Session(session.clone()))
    }

    /// Says what is missing to whoever wants to log a user in where no user is named. Such a method of a state itself
    /// goes before this one.
    #[doc(hidden)]
    pub fn log_in<U: NamedUser>(&self, user: U) {
        let _ = user;
    }
}

/// Implemented for no type: it stands for the user of a state that has none.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "nobody can be logged in as `{Self}`: the session state names no user",
    label = "the state of this session has no user",
    note = "write `#[session_state(user = User)]` above the state, with `#[session(login)]` at the field of the user's id",
    note = "without a type of users, set the login field: `visit.set_user_id(id)`"
)]
pub trait NamedUser {}

impl Deref for Session {
    type Target = session::Session;

    fn deref(&self) -> &session::Session {
        &self.0
    }
}

#[async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        match Session::of(request).await {
            Ok(session) => Outcome::Success(session),
            Err(error) => Outcome::Error((error.status(), error)),
        }
    }
}

impl Sentinel for Session {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let missing = rocket.state::<SessionContext>().is_none();
        if missing {
            log::error!(
                "a route uses the session, but no sessions are attached: `.attach(Sessions::fairing())`"
            );
        }
        missing
    }
}
