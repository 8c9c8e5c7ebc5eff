//! The users, for the administrator. The gate in front of `/admin` lets nobody else come here.

use super::render;
use crate::session::Visit;
use crate::users::Users;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{FromFormField, Route, State, form::Form, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, change]
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
    Delete,
}

/// Whoever is locked or deleted is logged out with the next request, on every device: no session has to be found for that.
#[post("/users/<id>", data = "<action>")]
async fn change(
    id: i64,
    action: Form<Action>,
    users: &State<Users>,
    visit: Visit,
) -> Result<Redirect, Status> {
    let (done, message) = match *action {
        Action::Lock => (users.set_locked(id, true).await?, "The user is locked out."),
        Action::Unlock => (users.set_locked(id, false).await?, "The user may log in again."),
        Action::Delete => (users.delete(id).await?, "The user is deleted."),
    };
    match done {
        true => visit.flash(message, "success"),
        false => visit.flash("There is no such user, or it is the administrator.", "error"),
    }
    Ok(Redirect::to(uri!("/admin", page)))
}
