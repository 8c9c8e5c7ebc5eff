//! The routes of the shop that have moved from Flask to Rocket.

mod account;
mod cart;
mod visit;

use rocket::{catchers, launch};
use rocket_session_state::Sessions;

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/cart", cart::routes())
        .mount("/account", account::routes())
        .register("/account", catchers![account::log_in_first])
}
