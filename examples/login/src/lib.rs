//! Logging in and out with a typed session, the same values through the untyped one, and the same flow with plain cookies.

mod config;
mod cookies;
mod field;
mod name;
mod pages;
mod visit;

use rocket::{Build, Rocket, catchers, routes};
use rocket_session_state::Sessions;

/// The application, not yet launched.
#[must_use]
pub fn rocket() -> Rocket<Build> {
    rocket::custom(config::figment())
        .attach(Sessions::fairing())
        .mount("/", routes![pages::style::sheet])
        .mount("/", pages::welcome::routes())
        .mount("/", pages::login::routes())
        .mount("/", pages::account::routes())
        .mount("/session", pages::session::routes())
        .mount("/cookies", cookies::routes())
        .register("/", catchers![pages::problem::please_log_in, pages::problem::other])
}
