//! The probe: a test server that exposes the whole session over HTTP.
//!
//! It is configured like any application of a user. Its Flask twin is `tests/flask/probe.py`; `probe-users` is the same
//! with users.

mod app;
mod csrf;
mod events;
mod fields;
mod load;
mod ops;
mod state;
mod stream;
mod typed;

use rocket::launch;

#[launch]
fn rocket() -> _ {
    app::rocket(state::Users)
}
