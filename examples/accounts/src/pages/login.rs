//! Logging in and out.

use super::{account, known, refused::Refused, render, welcome};
use crate::credentials::Credentials;
use crate::form::{self, Fields};
use crate::session::{Member, Visit};
use rocket::form::{Contextual, Form};
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{Either, FromForm, Route, get, post, routes, uri};
use rocket_dyn_templates::{Template, context};
use rocket_session_state::{ClearSiteData, Next, NextRedirect, SessionError};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, log_in, log_out]
}

/// Who is logged in already goes on. The guard decides that, and not the login field: a deleted user would be sent from here
/// to the account and back for ever.
#[get("/login?<next>")]
pub(crate) fn page(
    next: Option<Next>,
    member: Result<Member, SessionError>,
    visit: Visit,
) -> Result<Either<NextRedirect, Template>, Status> {
    let next = next.unwrap_or_default();
    Ok(match known(member)? {
        Some(_) => Either::Left(next.redirect_or(uri!("/account", account::page))),
        None => Either::Right(render("login", &visit, context! { next: next.as_str() })),
    })
}

#[derive(FromForm)]
struct Login<'r> {
    name: &'r str,
    password: &'r str,
    remember: bool,
    next: Next,
}

#[post("/login", data = "<form>")]
async fn log_in(
    form: Form<Contextual<'_, Login<'_>>>,
    credentials: Credentials<'_>,
    visit: Visit,
) -> Result<NextRedirect, Refused> {
    let Contextual { value, context } = form.into_inner();
    let fields = Fields::of(&context, &["name", "password", "remember"]);
    let next = form::next(&context);
    let again =
        |problem: &str| render("login", &visit, context! { problem, fields: &fields, next: next.as_str() });
    let Some(login) = value else {
        return Err(Refused::Wrong(again("Please fill in both fields.")));
    };
    let checked = credentials.check(login.name.trim(), login.password, visit.session().now()).await;
    let user = checked
        .map_err(|denied| Refused::since(denied, "There is no such name with this password.", again))?;
    visit.begin(&user, login.remember);
    visit.flash("You are logged in.", "success");
    Ok(login.next.redirect_or(uri!("/account", account::page)))
}

/// A POST, so that no link logs anybody out. A visitor who is nobody is told nothing, since that would begin a session.
#[post("/logout")]
fn log_out(visit: Visit) -> ClearSiteData<Redirect> {
    let was_logged_in = visit.user_id().is_some();
    visit.log_out();
    if was_logged_in {
        visit.flash("You are logged out.", "success");
    }
    ClearSiteData(Redirect::to(uri!(welcome::page)))
}
