//! Logins shared with Flask-Login: the visitor whom its remember-me cookie names is logged in before anybody looks.

mod browser;

use std::fmt;
use std::sync::atomic::Ordering;

use rocket::Request;
use rocket::tokio::task_local;
use rocket_session_state_core::session::{SaveError, Session as CoreSession};

use crate::error::{Outage, SessionError};
use crate::guard::Fut;
use crate::request::{RequestSession, read_cookie};
use crate::session::Session;
use crate::user::{HasUser, SessionUser, remember};

/// Logs in whom the cookie names, by the users of one state.
#[derive(Clone, Copy)]
pub(crate) struct FlaskLogin {
    /// Finds the user with this id and logs the user in. `false` if there is none.
    remember: for<'r> fn(Session, String, &'r Request<'_>) -> Fut<'r, bool>,
    /// The key by which the state says who is logged in.
    pub(crate) login_key: Option<&'static str>,
    pub(crate) state: &'static str,
}

/// The key of the session in which Flask-Login keeps who is logged in.
pub(crate) const USER_ID: &str = "_user_id";

task_local! {
    /// Set while the user is looked for, by whom the session is not to be waited for.
    static LOOKING: ();
}

impl FlaskLogin {
    /// Those of the users of this state.
    pub(crate) fn of<S: HasUser<User: SessionUser<Id = String>>>() -> Self {
        FlaskLogin {
            remember: |session, user, request| Box::pin(remember::<S>(session, user, request)),
            login_key: S::LOGIN,
            state: std::any::type_name::<S>(),
        }
    }

    /// Does with a session that was just opened what Flask-Login does when it is first asked for the user.
    ///
    /// # Errors
    ///
    /// Nothing is known about the user: the store failed, or finding the user did.
    pub(crate) async fn recall(
        self,
        session: &CoreSession,
        request: &Request<'_>,
        cookie_name: &str,
    ) -> Result<(), SessionError> {
        let cookie = read_cookie(request, cookie_name);
        let cookie = cookie.as_deref().filter(|_| !browser::is_loaded_by_another_site(request));
        let user = session.recall(|| browser::identifier(request), cookie).await.map_err(unknown)?;
        let Some(user) = user else { return Ok(()) };
        // A guard by which users are found may ask for the session: it gets the one that came.
        let remembering = (self.remember)(Session::from_core(session.clone()), user, request);
        let is_logged_in = LOOKING.scope((), remembering).await?;
        if is_logged_in && browser::prefetches(request) {
            // The page is right if the visitor goes there, and nothing has happened if not.
            session.abandon();
            RequestSession::of(request).guarded.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Tells whether the task that runs is looking for the user.
    pub(crate) fn is_looking() -> bool {
        LOOKING.try_with(|()| ()).is_ok()
    }
}

fn unknown(error: SaveError) -> SessionError {
    match error {
        SaveError::Unavailable(error) => SessionError::Unavailable(Outage::new(error)),
        // Nothing was changed yet that could be refused.
        _ => SessionError::Other(rocket::http::Status::Conflict),
    }
}

impl fmt::Debug for FlaskLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlaskLogin").field("state", &self.state).finish_non_exhaustive()
    }
}
