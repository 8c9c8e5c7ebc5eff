//! The session of a visitor, and the guard for members.

use crate::pages::login;
use rocket::uri;
use rocket_session_state::{Next, require_session, session_state};

/// Everything this application remembers about a visitor.
#[session_state]
pub(crate) struct Visit {
    /// The name of the user who is logged in; writing it gives the session a new id.
    #[session(login)]
    pub(crate) username: Option<String>,
    /// The name that the user prefers.
    pub(crate) nickname: Option<String>,
}

/// Proof that the visitor is logged in. Who is not, and asks for a page, is sent to log in first.
#[require_session(Visit, login = |next| uri!(login::page(Some(next))))]
pub(crate) struct Member {
    pub(crate) username: String,
}
