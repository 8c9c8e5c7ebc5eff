//! Logging in and out.

use super::{refused::Refused, welcome};
use crate::field::Field;
use crate::name::Name;
use crate::visit::Visit;
use askama::Template;
use askama_web::WebTemplate;
use rocket::form::{Contextual, Form};
use rocket::response::Redirect;
use rocket::{FromForm, Route, get, post, routes, uri};
use rocket_session_state::{ClearSiteData, Next, NextRedirect};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, log_in, log_out]
}

#[derive(Template, WebTemplate)]
#[template(path = "login.html")]
pub(crate) struct LoginPage {
    username: Field,
    next: Next,
}

/// The page that was asked for comes along as `next`, and goes on as a hidden field of the form.
#[get("/login?<next>")]
pub(crate) fn page(next: Option<Next>) -> LoginPage {
    LoginPage { username: Field::default(), next: next.unwrap_or_default() }
}

#[derive(FromForm)]
struct Login {
    username: Name,
    next: Next,
}

/// A real application checks a password here, before it writes the name.
#[post("/login", data = "<form>")]
fn log_in(form: Form<Contextual<'_, Login>>, visit: Visit) -> Result<NextRedirect, Refused<LoginPage>> {
    let Some(login) = &form.value else {
        let next = form.context.field_value("next").and_then(Next::parse).unwrap_or_default();
        return Err(Refused::on(LoginPage { username: Field::of(&form.context, "username"), next }));
    };
    visit.set_username(login.username.as_str());
    visit.flash("You are logged in.", "success");
    Ok(login.next.redirect_or(uri!(welcome::welcome)))
}

/// A POST, so that no link, image or prefetching browser logs anybody out. The message is the first thing in the session
/// that begins after the one that ends.
///
/// A form on another site gets no session, and so logs nobody out. Whoever is nobody is told nothing, since that would
/// begin a session.
#[post("/logout")]
fn log_out(visit: Visit) -> ClearSiteData<Redirect> {
    if visit.username().is_some() {
        visit.destroy();
        visit.flash("You are logged out.", "success");
    }
    ClearSiteData(Redirect::to(uri!(welcome::welcome)))
}
