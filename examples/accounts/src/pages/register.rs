//! Making an account.

use super::{account, refused::Refused, render};
use crate::credentials::Credentials;
use crate::form::{self, Fields, NewName, NewPassword};
use crate::passwords::Passwords;
use crate::session::Visit;
use crate::users::Users;
use rocket::form::{Contextual, Form};
use rocket::{FromForm, Route, State, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::{Next, NextRedirect};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, register]
}

#[get("/register?<next>")]
fn page(next: Option<Next>, visit: Visit) -> Template {
    render("register", &visit, context! { next: next.unwrap_or_default().as_str() })
}

#[derive(FromForm)]
struct Registration<'r> {
    name: NewName<'r>,
    password: NewPassword<'r>,
    next: Next,
}

/// Who has registered is logged in.
#[post("/register", data = "<form>")]
async fn register(
    form: Form<Contextual<'_, Registration<'_>>>,
    credentials: Credentials<'_>,
    passwords: &State<Passwords>,
    users: &State<Users>,
    visit: Visit,
) -> Result<NextRedirect, Refused> {
    let Contextual { value, context } = form.into_inner();
    let fields = Fields::of(&context, &["name", "password"]);
    let next = form::next(&context);
    let again = |problem: &str| {
        render("register", &visit, context! { problem, fields: &fields, next: next.as_str() })
    };
    let Some(registration) = value else {
        return Err(Refused::Wrong(again("Please have a look at the fields below.")));
    };
    let counted = credentials.count_address(visit.session().now()).await;
    counted.map_err(|denied| Refused::since(denied, "", again))?;
    let hash = passwords.hash(registration.password.0).await?;
    let Some(user) = users.create(registration.name.0, &hash).await? else {
        return Err(Refused::Wrong(again("Somebody has this name already. Please choose another one.")));
    };
    visit.begin(&user, false);
    visit.flash("Your account is made, and you are logged in.", "success");
    Ok(registration.next.redirect_or(uri!("/account", account::page)))
}
