//! The untyped session as a request guard.

use std::ops::Deref;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::session::Session as CoreSession;

use crate::context::SessionContext;
use crate::error::SessionError;
use crate::request::RequestSession;

/// The session of the request as a map, with the vocabulary of Flask's `session`.
///
/// It derefs to [`rocket_session_state_core::session::Session`], where the methods are. It costs nothing to
/// clone, and all handles of a request are one session, typed ones included.
///
/// ```
/// # use rocket::get;
/// use rocket_session_state::{FieldError, Session};
///
/// #[get("/views")]
/// fn views(session: Session) -> Result<String, FieldErrorPage> {
///     let views = session.get::<u32>("views")?.unwrap_or(0) + 1;
///     session.set("views", &views);
///     Ok(format!("{views} views"))
/// }
/// # #[derive(rocket::Responder)] #[response(status = 500)] struct FieldErrorPage(String);
/// # impl From<FieldError> for FieldErrorPage { fn from(e: FieldError) -> Self { Self(e.to_string()) } }
/// ```
#[derive(Debug, Clone)]
pub struct Session(CoreSession);

impl Session {
    /// The session of a request; opened at the first call.
    pub(crate) async fn of(request: &Request<'_>) -> Result<Self, SessionError> {
        RequestSession::open(request).await.map(|session| Session(session.clone()))
    }
}

impl Deref for Session {
    type Target = CoreSession;

    fn deref(&self) -> &CoreSession {
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
