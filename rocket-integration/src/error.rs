//! Errors of guards, and of removing expired sessions.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};
use rocket_session_state_core::config::ConfigError;
use rocket_session_state_core::session::Refusal;
use rocket_session_state_core::store::StoreError;

/// The reason why a request has no session, or why a guard did not let it through.
///
/// It is the error of every guard of this crate. A handler that takes `Result<Visit, SessionError>`
/// runs even when the store is down, or when a page of another site has sent the request; the response is 503 or 403
/// all the same, unless the handler says with [`handled`](SessionError::handled) that its answer is right without a
/// session.
///
/// As an answer it gives its [`status`](SessionError::status) to the application's catcher, and a browser that
/// has to log in first is sent to the login page of the guard:
///
/// ```
/// # use rocket::{get, uri};
/// # use rocket_session_state::{SessionError, require_session, session_state};
/// # #[session_state] struct Visit { #[session(login)] username: Option<String> }
/// # #[require_session(Visit)] struct Member { username: String }
/// #[get("/account?<public>")]
/// fn account(member: Result<Member, SessionError>, public: bool) -> Result<String, SessionError> {
///     if public {
///         return Ok("a page for everybody".into());
///     }
///     Ok(format!("the account of {}", member?.username))
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SessionError {
    /// Nobody is logged in, or a guard's `check` says that the login does not count: 401.
    LoggedOut,
    /// Somebody is logged in, but the login is too long ago for a guard with `fresh`, or its time is not known:
    /// 401, so that browsers are sent to log in again.
    Stale,
    /// Somebody is logged in who may not enter: 403.
    Forbidden,
    /// A guard's `check`, or a request guard that it asks for, failed with this status.
    Other(Status),
    /// A page of another site sent the request, which is neither GET nor another method that only reads, so it gets no
    /// session: 403. `session_trusted_origins` allows other sites.
    CrossOrigin(ForeignRequest),
    /// The store failed, so nothing is known about the visitor: 503.
    Unavailable(Outage),
    /// `Sessions::fairing()` is not attached: 500.
    NoFairing,
}

impl SessionError {
    /// Returns the status that Rocket's catchers see.
    ///
    /// ```
    /// use rocket::http::Status;
    /// use rocket_session_state::SessionError;
    ///
    /// assert_eq!(SessionError::LoggedOut.status(), Status::Unauthorized);
    /// assert_eq!(SessionError::Forbidden.status(), Status::Forbidden);
    /// ```
    pub fn status(&self) -> Status {
        match self {
            SessionError::LoggedOut | SessionError::Stale => Status::Unauthorized,
            SessionError::Forbidden | SessionError::CrossOrigin(_) => Status::Forbidden,
            SessionError::Other(status) => *status,
            SessionError::Unavailable(_) => Status::ServiceUnavailable,
            SessionError::NoFairing => Status::InternalServerError,
        }
    }

    /// Says that the handler has answered knowing that the store is down, or that the request comes from another site:
    /// its answer goes out instead of a 503 or 403, with `Cache-Control: no-store`, so that no cache gives it to others.
    ///
    /// ```
    /// # use rocket::get;
    /// use rocket_session_state::{Session, SessionError};
    ///
    /// #[get("/")]
    /// fn index(session: Result<Session, SessionError>) -> String {
    ///     match session {
    ///         Ok(session) => format!("{} keys", session.len()),
    ///         Err(error) => {
    ///             error.handled();
    ///             "the shop is open, carts are not".to_string()
    ///         }
    ///     }
    /// }
    /// ```
    pub fn handled(&self) {
        if let Some(handled) = self.handled_by_handler() {
            handled.store(true, Ordering::Release);
        }
    }

    pub(crate) fn is_handled(&self) -> bool {
        self.handled_by_handler().is_some_and(|handled| handled.load(Ordering::Acquire))
    }

    fn handled_by_handler(&self) -> Option<&AtomicBool> {
        match self {
            SessionError::CrossOrigin(refused) => Some(&refused.handled),
            SessionError::Unavailable(outage) => Some(&outage.handled),
            _ => None,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SessionError::LoggedOut => "nobody is logged in",
            SessionError::Stale => "the login is too long ago",
            SessionError::Forbidden => "the user may not enter here",
            SessionError::Other(_) => "a check, or a request guard that it asks for, has failed",
            SessionError::CrossOrigin(_) => "a page of another site gets no session",
            SessionError::Unavailable(_) => "the session store failed",
            SessionError::NoFairing => "no sessions are attached: `.attach(Sessions::fairing())`",
        })
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SessionError::CrossOrigin(refused) => Some(&*refused.source),
            SessionError::Unavailable(outage) => Some(&*outage.source),
            _ => None,
        }
    }
}

/// Answers with the [`status`](SessionError::status), by the application's catcher. The log has the reason
/// already.
impl<'r> Responder<'r, 'static> for SessionError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Err(self.status())
    }
}

/// Lets Rocket look into `Result<Visit, SessionError>`, also behind a type alias, where it sees a
/// missing fairing only if both sides are sentinels.
impl Sentinel for SessionError {
    fn abort(_: &Rocket<Ignite>) -> bool {
        false
    }
}

/// A request that a page of another site has sent, in [`SessionError::CrossOrigin`], whose `source` names the header that
/// says so.
///
/// Its clones share whether a handler has [`handled`](SessionError::handled) it.
#[derive(Clone)]
pub struct ForeignRequest {
    source: Arc<Refusal>,
    handled: Arc<AtomicBool>,
}

impl ForeignRequest {
    pub(crate) fn new(source: Refusal) -> Self {
        ForeignRequest { source: Arc::new(source), handled: Arc::default() }
    }
}

/// One short text, as that of an [`Outage`].
impl fmt::Debug for ForeignRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)
    }
}

/// A load that failed, in [`SessionError::Unavailable`], whose `source` is the error of the store.
///
/// Its clones share whether a handler has [`handled`](SessionError::handled) it.
#[derive(Clone)]
pub struct Outage {
    source: Arc<StoreError>,
    handled: Arc<AtomicBool>,
}

impl Outage {
    pub(crate) fn new(source: StoreError) -> Self {
        Outage { source: Arc::new(source), handled: Arc::default() }
    }
}

/// Rocket logs it with every guard that fails, so it is one short text; the log has the causes besides.
impl fmt::Debug for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)
    }
}

/// [`SessionFairing::purge`](crate::SessionFairing::purge) or [`Sessions::purge`](crate::Sessions::purge) failed. What was removed until then stays removed.
///
/// ```
/// use rocket_session_state::{PurgeError, Sessions};
///
/// async fn purge() {
///     match Sessions::fairing().purge(&rocket::build()).await {
///         Ok(removed) => println!("{removed} expired sessions were removed"),
///         Err(PurgeError::Config(error)) => eprintln!("Rocket.toml: {error}"),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum PurgeError {
    /// The configuration is wrong.
    Config(ConfigError),
    /// The store can't be reached or failed.
    Store(StoreError),
}

impl fmt::Display for PurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expired sessions could not be removed")
    }
}

impl Error for PurgeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            PurgeError::Config(error) => error,
            PurgeError::Store(error) => error,
        })
    }
}
