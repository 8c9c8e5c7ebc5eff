//! The errors of a session as answers of Rocket handlers: `?` in a handler is enough.

use log::Level;
use rocket::Request;
use rocket::http::Status;
use rocket::response::{Responder, Result};

use super::{FieldError, LifetimeTooShort, SaveError};
use crate::Chain;

impl SaveError {
    /// The status of an answer whose session could not be saved: 409 if another request ended the session or
    /// changed what must not be merged, 503 if the store failed or had too many competing requests, 500
    /// otherwise.
    pub fn status(&self) -> Status {
        match self {
            SaveError::Unavailable(_) | SaveError::Contended => Status::ServiceUnavailable,
            SaveError::Ended
            | SaveError::Renewed
            | SaveError::TooManySessions { .. }
            | SaveError::Refused { .. } => Status::Conflict,
            _ => Status::InternalServerError,
        }
    }

    /// Logs that the session of this request could not be saved. An outage of the store is told by the store's
    /// client, in one line instead of one for each request.
    #[doc(hidden)]
    pub fn log(&self, request: &Request<'_>) {
        let level = match self {
            _ if self.status() == Status::Conflict => Level::Warn,
            SaveError::Unavailable(error) if error.was_told() => Level::Debug,
            _ => Level::Error,
        };
        log::log!(level, "{} {}: {}", request.method(), request.uri().path(), Chain(self));
    }
}

/// Logs the error and answers with its [`status`](SaveError::status), by the application's catcher.
impl<'r> Responder<'r, 'static> for SaveError {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        self.log(request);
        Err(self.status())
    }
}

/// Logs the error, with the key and what was found, never with the value, and answers 500 by the application's
/// catcher: a field that can't be read is a mistake of the application or of another that shares the session.
impl<'r> Responder<'r, 'static> for FieldError {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        log::error!("{} {}: {}", request.method(), request.uri().path(), Chain(&self));
        Err(Status::InternalServerError)
    }
}

/// Logs the error and answers 500 by the application's catcher.
impl<'r> Responder<'r, 'static> for LifetimeTooShort {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        log::error!("{} {}: {self}", request.method(), request.uri().path());
        Err(Status::InternalServerError)
    }
}
