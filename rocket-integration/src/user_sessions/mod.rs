//! All sessions of one user: shown on a page of devices, and ended from elsewhere.

mod no_list;

use std::fmt;
use std::marker::PhantomData;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel, async_trait};
use rocket_session_state_core::session::{self, SaveError, UserSession};

pub(crate) use no_list::NoList;

use crate::context::SessionContext;
use crate::error::SessionError;
use crate::guard::{self, Listed, SessionGuard};
use no_list::have_no_store;

/// The sessions of one user, on all devices: to show them and to end them.
///
/// As a request guard they are those of the user who is logged in. A visitor who is not fails with
/// [`SessionError::LoggedOut`], a 401, and is sent to the login page of another guard of the route that has one.
/// [`Sessions::of`](crate::Sessions::of) gives those of any user, for an administrator or a job.
///
/// The login field of the state has to be `listed`, and the sessions in a store on the server: where they live in cookies, a
/// route that takes this guard refuses to launch.
///
/// ```
/// use rocket::form::Form;
/// use rocket::http::Status;
/// use rocket::{FromForm, get, post};
/// use rocket_session_state::{SaveError, UserSessions, session_state};
///
/// #[session_state]
/// struct Visit {
///     #[session(login, listed)]
///     username: Option<String>,
/// }
///
/// #[get("/devices")]
/// async fn devices(mine: UserSessions<Visit>) -> Result<String, SaveError> {
///     let mut page = String::new();
///     for session in mine.list().await? {
///         let here = if session.is_current() { " (this one)" } else { "" };
///         page += &format!("{} {}{here}\n", session.handle(), session.label());
///     }
///     Ok(page)
/// }
///
/// #[derive(FromForm)]
/// struct End {
///     handle: String,
/// }
///
/// #[post("/devices/end", data = "<form>")]
/// async fn end(mine: UserSessions<Visit>, form: Form<End>) -> Result<Status, SaveError> {
///     Ok(if mine.end(&form.handle).await? { Status::Ok } else { Status::NotFound })
/// }
///
/// #[post("/devices/end-others")]
/// async fn end_others(mine: UserSessions<Visit>) -> Result<String, SaveError> {
///     Ok(format!("{} others were logged out", mine.end_others().await?))
/// }
/// ```
///
/// A session that is ended is deleted, as by a log-out: its next request is a visitor's,
/// [`ended`](rocket_session_state_core::session::Session::ended) returns, and a request that is changing it gets a 409. All
/// calls of a request, or of one value that a job has, go by the deadlines of any other store calls.
pub struct UserSessions<S> {
    sessions: Result<session::UserSessions, NoList>,
    state: PhantomData<fn() -> S>,
}

// Without bounds: a state that is not listed is one error, where the type is named.
impl<S> UserSessions<S> {
    /// Those of the user with this login value.
    pub(crate) fn of_user(sessions: Result<session::UserSessions, NoList>) -> Self {
        UserSessions { sessions, state: PhantomData }
    }

    /// Returns the sessions that live, the newest first.
    ///
    /// It costs a round trip for the list, and one for each session, several at a time.
    ///
    /// # Errors
    ///
    /// The store failed, or the sessions of users are not listed ([`SaveError::NotListed`]).
    pub async fn list(&self) -> Result<Vec<UserSession>, SaveError> {
        self.sessions()?.list().await
    }

    /// Ends the session of this handle, as [`UserSession::handle`] gives it. `false` if the user has none of that, or if it
    /// has ended already.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list). Where the store failed, the session may have ended or not.
    pub async fn end(&self, handle: &str) -> Result<bool, SaveError> {
        self.sessions()?.end(handle).await
    }

    /// Ends all sessions but that of the request, and returns how many were ended. Of a user who is not the one of the
    /// request, these are all.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end): some may have ended.
    pub async fn end_others(&self) -> Result<usize, SaveError> {
        self.sessions()?.end_others().await
    }

    /// Ends all sessions, that of the request too, and returns how many were ended. A log-in that is under way is refused, or is
    /// in the list afterwards.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end): some may have ended.
    pub async fn end_all(&self) -> Result<usize, SaveError> {
        self.sessions()?.end_all().await
    }

    fn sessions(&self) -> Result<&session::UserSessions, SaveError> {
        self.sessions.as_ref().map_err(NoList::error)
    }
}

impl<S> Clone for UserSessions<S> {
    fn clone(&self) -> Self {
        UserSessions { sessions: self.sessions.clone(), state: PhantomData }
    }
}

/// Shows nothing of the user.
impl<S> fmt::Debug for UserSessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSessions").finish_non_exhaustive()
    }
}

/// It keeps out who is not logged in.
#[diagnostic::do_not_recommend]
impl<S: Listed> SessionGuard for UserSessions<S> {
    type State = S;
    const REQUIRES: bool = true;

    async fn authorize(request: &Request<'_>) -> Result<Self, SessionError> {
        let state = guard::open::<S>(request).await?;
        if !state.is_logged_in() {
            return Err(SessionError::LoggedOut);
        }
        let sessions = state.session().sessions_of_user().ok_or(SessionError::LoggedOut)?;
        let context = request.rocket().state::<SessionContext>().ok_or(SessionError::NoFairing)?;
        Ok(UserSessions::of_user(NoList::of(&context.manager).map_or(Ok(sessions), Err)))
    }
}

#[async_trait]
impl<'r, S: Listed> FromRequest<'r> for UserSessions<S> {
    type Error = SessionError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, SessionError> {
        guard::enter(request).await
    }
}

impl<S: Listed> Sentinel for UserSessions<S> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort::<Self>(rocket) || have_no_store(rocket)
    }
}
