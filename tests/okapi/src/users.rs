//! Guards with the user behind the login, which rocket_okapi need not know of.

use rocket::http::Status;
use rocket::{Route, State, get, routes};
use rocket_session_state::{SessionUser, require_session, session_state};

/// The names of those who may log in.
pub struct Names(pub Vec<String>);

#[derive(Clone)]
struct User {
    name: String,
}

impl SessionUser for User {
    type Id = String;
    type Source<'r> = &'r State<Names>;

    async fn find(id: &String, names: &State<Names>) -> Result<Option<User>, Status> {
        // Futures that wait are what an older Rust may not take for `Send`.
        rocket::tokio::task::yield_now().await;
        Ok(names.0.contains(id).then(|| User { name: id.clone() }))
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.name
    }
}

impl User {
    async fn is_named(&self, _: &State<Names>) -> bool {
        !self.name.is_empty()
    }
}

#[session_state(user = User)]
struct Known {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Known, check = User::is_named)]
struct Acquaintance {
    username: String,
    #[session(user)]
    user: User,
}

#[require_session(Acquaintance)]
#[get("/known")]
fn known(one: Acquaintance) -> String {
    format!("{} {}", one.username, one.user.name)
}

#[require_session(Acquaintance)]
#[get("/known/again")]
fn again(one: Acquaintance, known: Known) {
    known.log_in(&one.user);
}

pub fn routes() -> Vec<Route> {
    routes![known, again]
}
