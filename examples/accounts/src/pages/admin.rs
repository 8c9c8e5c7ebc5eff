//! The users, for the administrator. The gate in front of `/admin` lets nobody else come here.

use super::render;
use crate::session::Visit;
use crate::users::Users;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{FromFormField, Route, State, form::Form, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::Sessions;

pub(crate) fn routes() -> Vec<Route> {
    routes![page, change, counters]
}

#[get("/")]
async fn page(users: &State<Users>, visit: Visit) -> Result<Template, Status> {
    Ok(render("admin", &visit, context! { users: users.all().await? }))
}

/// What the buttons beside a user do.
#[derive(Clone, Copy, FromFormField)]
enum Action {
    Lock,
    Unlock,
    LogOut,
    Delete,
}

/// Whoever is locked or deleted would be logged out with the next request. The sessions are ended all the same: then what runs
/// in them stops now, and none is left in the store.
#[post("/users/<id>", data = "<action>")]
async fn change(
    id: i64,
    action: Form<Action>,
    users: &State<Users>,
    sessions: Sessions,
    visit: Visit,
) -> Result<Redirect, Status> {
    let (done, message) = match *action {
        Action::Lock => (users.set_locked(id, true).await?, "The user is locked out."),
        Action::Unlock => (users.set_locked(id, false).await?, "The user may log in again."),
        Action::LogOut => (
            users.find(id).await?.is_some_and(|user| !user.is_admin),
            "The user is logged out on every device.",
        ),
        Action::Delete => (users.delete(id).await?, "The user is deleted."),
    };
    if done && !matches!(*action, Action::Unlock) {
        sessions.of::<Visit>(&id).end_all().await.map_err(|error| error.status())?;
    }
    match done {
        true => visit.flash(message, "success"),
        false => visit.flash("There is no such user, or it is the administrator.", "error"),
    }
    Ok(Redirect::to(uri!("/admin", page)))
}

/// What has happened to the sessions of all users in this process, in numbers.
#[get("/counters")]
fn counters(sessions: Sessions, visit: Visit) -> Template {
    render("counters", &visit, context! { counters: sessions.stats() })
}
