//! The smallest application with a session: it counts how often you came.

mod config;
#[cfg(test)]
mod tests;

use rocket::{get, launch, routes};
use rocket_session_state::{Sessions, session_state};

/// The counter's memory of a visitor.
#[session_state]
struct Visit {
    /// Requests for this page. In a store, two requests at once count twice.
    #[session(merge = "add")]
    views: u32,
}

#[get("/")]
fn index(visit: Visit) -> String {
    visit.update_views(|n| *n += 1);
    format!("Times you have been here: {}\n", visit.views())
}

#[launch]
fn rocket() -> _ {
    rocket::custom(config::figment()).attach(Sessions::fairing()).mount("/", routes![index])
}
