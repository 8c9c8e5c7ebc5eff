//! The probe with users: all that `probe` has, and a user behind the login.

#[path = "../probe/app.rs"]
mod app;
#[path = "../probe/csrf.rs"]
mod csrf;
mod devices;
#[path = "../probe/events.rs"]
mod events;
#[path = "../probe/fields.rs"]
mod fields;
#[path = "../probe/load.rs"]
mod load;
#[path = "../probe/ops.rs"]
mod ops;
mod routes;
mod state;
#[path = "../probe/stream.rs"]
mod stream;
#[path = "../probe/typed.rs"]
mod typed;

use rocket::launch;

#[launch]
fn rocket() -> _ {
    let rocket = app::rocket(state::Users::default()).mount("/", routes::routes());
    // Where sessions live in cookies there is no list of them, and nothing that takes one launches.
    let devices = if devices::can_be_listed(rocket.figment()) { devices::routes() } else { Vec::new() };
    rocket.mount("/", devices)
}
