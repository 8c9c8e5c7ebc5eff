//! Accounts with passwords: a small application to copy from.

mod attempts;
mod config;
mod credentials;
mod database;
mod form;
mod pages;
mod passwords;
pub mod session;
pub mod users;

use rocket::{Build, Rocket, catchers, routes};
use rocket_dyn_templates::Template;
use rocket_session_state::Sessions;
use session::Admin;

/// The application, not yet launched.
#[must_use]
pub fn rocket() -> Rocket<Build> {
    rocket::custom(config::figment())
        .attach(Sessions::fairing())
        .attach(Template::fairing())
        .attach(database::fairing())
        .attach(passwords::fairing())
        .mount("/", routes![pages::style::sheet])
        .mount("/", pages::welcome::routes())
        .mount("/", pages::register::routes())
        .mount("/", pages::login::routes())
        .mount("/account", pages::account::routes())
        .mount("/account/devices", pages::devices::routes())
        .mount("/admin", Admin::gate())
        .mount("/admin", pages::admin::routes())
        .register("/", catchers![pages::problem::please_log_in, pages::problem::other])
}
