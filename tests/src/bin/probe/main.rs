//! The probe: a test server that exposes the whole session over HTTP.
//!
//! It is configured like any application of a user. Its Flask twin is `tests/flask/probe.py`.

mod load;
mod ops;
mod typed;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket::{Request, get, launch, routes};
use rocket_session_state::Sessions;

#[get("/health")]
fn health() -> &'static str {
    "ok"
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "ok"
}

#[launch]
fn rocket() -> _ {
    let rocket = rocket::build()
        .attach(Sessions::fairing().clock(probe_now))
        .mount("/", routes![health, untouched])
        .mount("/", ops::routes())
        .mount("/", typed::routes())
        .mount("/", load::routes());
    typed::admin(rocket)
}

/// The time that the session engine sees: `X-Probe-Now` in unix seconds, or the real time.
fn probe_now(request: &Request<'_>) -> SystemTime {
    let seconds = request.headers().get_one("X-Probe-Now").and_then(|text| text.parse::<f64>().ok());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or_else(SystemTime::now, |since| UNIX_EPOCH + since)
}
