//! A visitor who can log in, the guard that asks for it, and its login page.

use rocket::{get, uri};
use rocket_session_state::{Next, require_session, session_state};

#[session_state]
pub(crate) struct Visit {
    #[session(login)]
    pub(crate) username: Option<String>,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
pub(crate) struct Member {
    pub(crate) username: String,
}

#[get("/login?<next>")]
pub(crate) fn login_page(next: Option<Next>) -> String {
    next.unwrap_or_default().to_string()
}
