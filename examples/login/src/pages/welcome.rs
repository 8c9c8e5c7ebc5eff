//! The pages that greet: everybody at the door, members inside.

use crate::visit::{Member, Visit};
use askama::Template;
use askama_web::WebTemplate;
use rocket::{Route, get, routes};

pub(crate) fn routes() -> Vec<Route> {
    routes![welcome, account]
}

#[derive(Template, WebTemplate)]
#[template(path = "welcome.html")]
struct WelcomePage {
    username: Option<String>,
}

#[get("/")]
fn welcome(visit: Visit) -> WelcomePage {
    WelcomePage { username: visit.username() }
}

#[derive(Template, WebTemplate)]
#[template(path = "account.html")]
struct AccountPage {
    username: String,
}

/// Only a member gets here: anybody else is answered 401 before the handler runs.
#[get("/account")]
fn account(member: Member) -> AccountPage {
    AccountPage { username: member.username }
}
