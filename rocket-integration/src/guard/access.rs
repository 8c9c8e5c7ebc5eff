//! The answer of a check.

use rocket::http::Status;

use crate::error::SessionError;

/// The answer of a guard's `check`, where yes and no are not enough.
///
/// ```
/// use rocket::State;
/// use rocket::http::Status;
/// use rocket_session_state::{Access, require_session, session_state};
///
/// # struct Users;
/// # struct User { suspended: bool }
/// # impl Users {
/// #     async fn find(&self, _: &str) -> Result<Option<User>, std::io::Error> { Ok(None) }
/// # }
/// #[session_state]
/// struct Visit {
///     #[session(login)]
///     username: Option<String>,
/// }
///
/// #[require_session(Visit, login = "/login", check = Member::is_known)]
/// struct Member {
///     username: String,
/// }
///
/// impl Member {
///     async fn is_known(&self, users: &State<Users>) -> Result<Access, Status> {
///         match users.find(&self.username).await {
///             Ok(Some(user)) if user.suspended => Ok(Access::Forbidden),
///             Ok(Some(_)) => Ok(Access::Allowed),
///             Ok(None) => Ok(Access::LogIn), // the user was deleted
///             Err(_) => Err(Status::ServiceUnavailable), // nothing is known about the user
///         }
///     }
/// }
/// ```
///
/// A check may answer with a `bool` or an `Access`, or with a `Result` of one of them, whose error is a `Status` or a
/// [`SessionError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The visitor may enter. The same as `true`.
    Allowed,
    /// The visitor may not enter: 403. The same as `false`.
    Forbidden,
    /// The login does not count: 401, and a browser is sent to the login page, like a visitor who is not logged in. What
    /// the session holds is not touched, the login neither: a login page has to show its form to who does not pass this
    /// guard, and not send on who has a login.
    LogIn,
}

/// What a check may answer with.
pub trait Answer: Send + 'static {
    /// Returns who may enter.
    ///
    /// # Errors
    ///
    /// The check could not decide.
    fn access(self) -> Result<Access, SessionError>;
}

impl Answer for Access {
    fn access(self) -> Result<Access, SessionError> {
        Ok(self)
    }
}

impl Answer for bool {
    fn access(self) -> Result<Access, SessionError> {
        Ok(if self { Access::Allowed } else { Access::Forbidden })
    }
}

impl<A: Answer> Answer for Result<A, Status> {
    fn access(self) -> Result<Access, SessionError> {
        self.map_err(SessionError::Other)?.access()
    }
}

impl<A: Answer> Answer for Result<A, SessionError> {
    fn access(self) -> Result<Access, SessionError> {
        self?.access()
    }
}
