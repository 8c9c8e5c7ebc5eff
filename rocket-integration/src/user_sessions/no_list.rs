//! The reasons why nothing can be said about the sessions of a user.

use rocket::{Ignite, Rocket};
use rocket_session_state_core::codec::EncodeError;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::SaveError;

use crate::context::SessionContext;

/// The reason why the sessions of a user can't be asked for. It is told by the call that asks.
#[derive(Clone)]
pub(crate) enum NoList {
    /// They live in cookies.
    InCookies,
    /// No state has told the launch that sessions are listed, so none was.
    NotDeclared,
    /// No session can hold the login value, which lies under this key.
    Login(&'static str, EncodeError),
}

impl NoList {
    /// The reason why no sessions are listed at all, if there is one.
    pub(crate) fn of(manager: &Manager) -> Option<Self> {
        if manager.is_cookie_store() {
            Some(NoList::InCookies)
        } else {
            (!manager.is_listed()).then_some(NoList::NotDeclared)
        }
    }

    /// The error of a call.
    pub(super) fn error(&self) -> SaveError {
        match self {
            NoList::InCookies => SaveError::NotListed { reason: IN_COOKIES },
            NoList::NotDeclared => SaveError::NotListed {
                reason: "no mounted route takes a state whose login field is `#[session(login, listed)]`, or a guard of one: mount one, or declare the state, `Sessions::fairing().state::<Visit>()`",
            },
            NoList::Login(key, error) => SaveError::Encode { key: (*key).to_owned(), source: error.clone() },
        }
    }
}

const IN_COOKIES: &str = "sessions live in cookies, where nobody can list or end them: choose a store on the server, such as \
    session_type = \"redis\"";

/// Returns `true` if sessions live in cookies, so that a route that takes those of a user can't do anything. The log says
/// so.
pub(super) fn have_no_store(rocket: &Rocket<Ignite>) -> bool {
    let in_cookies =
        rocket.state::<SessionContext>().is_some_and(|context| context.manager.is_cookie_store());
    if in_cookies {
        log::error!("a route takes `UserSessions`, and {IN_COOKIES}");
    }
    in_cookies
}
