//! Logins shared with Flask-Login: the visitor whom its remember-me cookie names is logged in before anybody looks.

mod browser;

use std::fmt;

use rocket::Request;
use rocket_session_state_core::session::{SaveError, Session as CoreSession};

use crate::error::{Outage, SessionError};
use crate::recall::{Recall, looking};
use crate::session::Session;
use crate::user::{HasUser, SessionUser, remember};

/// Logs in whom the cookie names, by the users of one state.
#[derive(Clone, Copy)]
pub(crate) struct FlaskLogin {
    pub(crate) recall: Recall,
    /// The key by which the state says who is logged in.
    pub(crate) login_key: Option<&'static str>,
    pub(crate) state: &'static str,
}

/// The key of the session in which Flask-Login keeps who is logged in.
pub(crate) const USER_ID: &str = "_user_id";

impl FlaskLogin {
    /// Those of the users of this state.
    pub(crate) fn of<S: HasUser<User: SessionUser<Id = String>>>() -> Self {
        FlaskLogin {
            recall: |session, request, cookie| Box::pin(recall::<S>(session, request, cookie)),
            login_key: S::LOGIN,
            state: std::any::type_name::<S>(),
        }
    }
}

/// Does with a session that was just opened what Flask-Login does when it is first asked for the user, by the users of one
/// state.
///
/// # Errors
///
/// Nothing is known about the user: the store failed, or finding the user did.
async fn recall<S: HasUser<User: SessionUser<Id = String>>>(
    session: &CoreSession,
    request: &Request<'_>,
    cookie: Option<&str>,
) -> Result<bool, SessionError> {
    let cookie = cookie.filter(|_| !browser::is_loaded_by_another_site(request));
    let user = session.recall(|| browser::identifier(request), cookie).await.map_err(unknown)?;
    let Some(user) = user else { return Ok(false) };
    let remembering = remember::<S>(Session::from_core(session.clone()), user, request);
    let is_for_later = looking(remembering).await? && browser::prefetches(request);
    if is_for_later {
        // The page is right if the visitor goes there, and nothing has happened if not.
        session.abandon();
    }
    Ok(is_for_later)
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
