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

pub(crate) fn routes() -> Vec<Route> {
    routes![page, log_in, log_out]
}

#[derive(Template, WebTemplate)]
#[template(path = "login.html")]
struct LoginPage {
    username: Field,
}

#[derive(FromForm)]
struct Login {
    username: Name,
}

#[get("/login")]
fn page() -> LoginPage {
    LoginPage { username: Field::default() }
}

/// A real application checks a password here, before it writes the name.
#[post("/login", data = "<form>")]
fn log_in(form: Form<Contextual<'_, Login>>, visit: Visit) -> Result<Redirect, Refused<LoginPage>> {
    let Some(login) = &form.value else {
        let username = Field::of(&form.context, "username");
        return Err(Refused::on(LoginPage { username }));
    };
    visit.set_username(login.username.as_str());
    Ok(Redirect::to(uri!(welcome::welcome)))
}

/// A POST, so that no link, image or prefetching browser logs anybody out.
#[post("/logout")]
fn log_out(visit: Visit) -> Redirect {
    visit.take_username();
    Redirect::to(uri!(welcome::welcome))
}
