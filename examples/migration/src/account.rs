//! The account page. Flask's version begins with `if "username" not in session`; here the compiler asks.

use crate::visit::{Member, Visit};
use askama::Template;
use askama_web::WebTemplate;
use rocket::response::Redirect;
use rocket::{Route, catch, get, post, routes};

pub(crate) fn routes() -> Vec<Route> {
    routes![page, log_out]
}

#[derive(Template, WebTemplate)]
#[template(path = "account.html")]
struct AccountPage {
    flashes: Vec<(String, String)>,
    username: String,
}

#[get("/")]
fn page(member: Member, visit: Visit) -> AccountPage {
    AccountPage { flashes: visit.flashes(), username: member.username }
}

/// As `session.clear()`, with a new id; the message is flashed into what begins afterwards.
#[post("/logout")]
fn log_out(visit: Visit) -> Redirect {
    visit.take_username();
    visit.flash("You are logged out.", "message");
    Redirect::to("/")
}

/// The page to log in is Flask's.
#[catch(401)]
pub(crate) fn log_in_first() -> Redirect {
    Redirect::to("/login?next=/account")
}
