//! The page that greets everybody.

use crate::visit::Visit;
use askama::Template;
use askama_web::WebTemplate;
use rocket::{Route, get, routes};
use rocket_session_state::Flash;

pub(crate) fn routes() -> Vec<Route> {
    routes![welcome]
}

#[derive(Template, WebTemplate)]
#[template(path = "welcome.html")]
struct WelcomePage {
    messages: Vec<Flash>,
    username: Option<String>,
}

#[get("/")]
fn welcome(visit: Visit) -> WelcomePage {
    WelcomePage { messages: visit.take_flashes(), username: visit.username() }
}
