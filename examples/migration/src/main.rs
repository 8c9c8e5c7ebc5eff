//! The routes of the shop that have moved from Flask to Rocket.

mod account;
mod cart;
mod state;
mod visit;

use rocket::{catchers, launch, routes};
use rocket_session_state::Sessions;

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/cart", cart::routes())
        .mount("/account", account::routes())
        .mount("/state", routes![state::page])
        .register("/account", catchers![account::log_in_first])
}
