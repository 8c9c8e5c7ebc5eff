//! The reasons to refuse a request for its token.

use std::error::Error;
use std::fmt;

use rocket::form::Errors;
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};
use rocket_session_state_core::signing::Invalid;

use crate::error::SessionError;

/// The reason why a request is not shown to come from a page of this application.
///
/// As an answer it gives its [`status`](CsrfError::status), 400 as in Flask-WTF, to the application's catcher, and a line
/// to the log at level info.
///
/// ```
/// # use rocket::post;
/// use rocket_session_state::csrf::{CsrfError, FlaskWtf};
///
/// #[post("/socket?<token>")]
/// fn socket(token: &str, csrf: FlaskWtf) -> Result<&'static str, CsrfError> {
///     csrf.verify(token)?;
///     Ok("connected")
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CsrfError {
    /// The request brings no token.
    Missing,
    /// The session has no token: no form was rendered in it, or it has ended since.
    NotInSession,
    /// The token is older than `wtf_csrf_time_limit`, or from the future.
    Expired,
    /// The token was changed, or signed with another key.
    Invalid(Invalid),
    /// The token was made for another session.
    OtherSession,
    /// The request has no session.
    Session(SessionError),
}

impl CsrfError {
    /// Returns the status that Rocket's catchers see: 400, and that of the session if there is none.
    ///
    /// ```
    /// use rocket::http::Status;
    /// use rocket_session_state::csrf::CsrfError;
    ///
    /// assert_eq!(CsrfError::Missing.status(), Status::BadRequest);
    /// ```
    pub fn status(&self) -> Status {
        match self {
            CsrfError::Session(error) => error.status(),
            _ => Status::BadRequest,
        }
    }

    /// Writes the reason to the log, where nothing else has said it.
    pub(super) fn log(&self, request: &Request<'_>) {
        if !matches!(self, CsrfError::Session(_)) {
            log::info!("{} {}: {self} (400)", request.method(), request.uri().path());
        }
    }
}

impl From<Invalid> for CsrfError {
    fn from(reason: Invalid) -> Self {
        match reason {
            Invalid::Expired | Invalid::Future => CsrfError::Expired,
            Invalid::OtherSecret => CsrfError::OtherSession,
            other => CsrfError::Invalid(other),
        }
    }
}

impl fmt::Display for CsrfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CsrfError::Missing => "the request brings no CSRF token",
            CsrfError::NotInSession => "the session has no CSRF token",
            CsrfError::Expired => "the CSRF token is older than wtf_csrf_time_limit, or a clock is wrong",
            CsrfError::Invalid(_) => {
                "the CSRF token was changed, or signed with another wtf_csrf_secret_key or secret_key"
            }
            CsrfError::OtherSession => "the CSRF token was made for another session",
            CsrfError::Session(_) => "the request has no session to compare its CSRF token with",
        })
    }
}

impl Error for CsrfError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            CsrfError::Invalid(reason) => Some(reason),
            CsrfError::Session(error) => Some(error),
            _ => None,
        }
    }
}

/// Answers with the [`status`](CsrfError::status), by the application's catcher.
impl<'r> Responder<'r, 'static> for CsrfError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.log(request);
        Err(self.status())
    }
}

/// Lets Rocket look into `Result<FlaskWtfHeader, CsrfError>`.
impl Sentinel for CsrfError {
    fn abort(_: &Rocket<Ignite>) -> bool {
        false
    }
}

/// The reason why a [`FlaskWtfForm`](super::FlaskWtfForm) is refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum FlaskWtfFormError<'r> {
    /// The token is missing or wrong; nothing else of the form was looked at.
    Token(CsrfError),
    /// The token is right, and the form is not: what Rocket's own `Form` says.
    Form(Errors<'r>),
}

impl fmt::Display for FlaskWtfFormError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlaskWtfFormError::Token(error) => write!(f, "{error}"),
            FlaskWtfFormError::Form(errors) => write!(f, "{errors}"),
        }
    }
}

/// Lets Rocket look into `Result<FlaskWtfForm<T>, FlaskWtfFormError<'_>>`.
impl Sentinel for FlaskWtfFormError<'_> {
    fn abort(_: &Rocket<Ignite>) -> bool {
        false
    }
}
