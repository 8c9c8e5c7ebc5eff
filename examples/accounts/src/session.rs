//! All that this application has to say about its sessions.

use crate::pages::login;
use crate::users::{User, Users};
use rocket::http::Status;
use rocket::{State, uri};
use rocket_session_state::{Next, SessionUser, require_session, session_state};
use std::time::Duration;

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is remembered about a visitor.
#[session_state(user = User)]
pub struct Visit {
    /// The user who is logged in.
    #[session(login, listed)]
    pub user_id: Option<i64>,
}

impl SessionUser for User {
    type Id = i64;
    type Source<'r> = &'r State<Users>;

    /// A user who is deleted or locked out is logged out everywhere, with the next request.
    async fn find(id: &i64, users: &State<Users>) -> Result<Option<User>, Status> {
        Ok(users.find(*id).await?.filter(|user| !user.is_locked))
    }

    fn id(&self) -> i64 {
        self.id
    }

    /// Another password has another hash, and that ends the logins made with the old one.
    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.password_hash
    }
}

/// Somebody who is logged in. Everybody else is sent to log in first.
#[require_session(Visit, login = |next| uri!(login::page(Some(next))))]
pub struct Member {
    /// The user, as the database has it now.
    #[session(user)]
    pub user: User,
}

/// The member who looks after the others.
#[require_session(Member, check = User::is_admin)]
pub struct Admin;

impl Visit {
    /// Logs in, for 30 days without a visit if the visitor wants to be remembered, or else as Rocket.toml says.
    pub(crate) fn begin(&self, user: &User, remember: bool) {
        self.log_in(user);
        self.session().clear_lifetime();
        if remember {
            let _ = self.session().set_lifetime(MONTH); // fails for less than a second only
        }
    }
}
