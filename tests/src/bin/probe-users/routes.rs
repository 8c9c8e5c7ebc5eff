//! The routes of users.

use rocket::http::{ContentType, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Route, State, async_trait, get, post, routes};
use rocket_session_state::require_session;
use serde_json::json;

use crate::state::{Loads, Probe, ProbeUser, Users};

pub(crate) fn routes() -> Vec<Route> {
    routes![set_user, account, finds]
}

/// Whoever is logged in, with the user.
#[require_session(Probe, login = "/sign-in")]
struct Account {
    #[session(user)]
    user: ProbeUser,
}

/// A second guard that wants the user, too.
#[require_session(Account, check = is_known)]
struct Subscriber {
    #[session(user)]
    user: ProbeUser,
}

/// A check that takes the user, and lets everybody in who has one.
fn is_known(_user: &ProbeUser) -> bool {
    true
}

/// The number of times that a user was looked for in this request so far.
struct LoadsSoFar(u64);

#[async_trait]
impl<'r> FromRequest<'r> for LoadsSoFar {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(LoadsSoFar(Loads::of(request).count()))
    }
}

#[post("/users", data = "<body>")]
fn set_user(body: Vec<u8>, users: &State<Users>) -> Result<(), Status> {
    let user: ProbeUser = serde_json::from_slice(&body).map_err(|_| Status::BadRequest)?;
    users.set(user);
    Ok(())
}

#[get("/account")]
fn account(account: Account, subscriber: Subscriber, loads: LoadsSoFar) -> (ContentType, String) {
    let answer = json!({ "name": account.user.name, "plan": subscriber.user.plan, "loads": loads.0 });
    (ContentType::JSON, answer.to_string())
}

#[get("/finds")]
fn finds(users: &State<Users>) -> String {
    users.finds().to_string()
}
