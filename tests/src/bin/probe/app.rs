//! The application that both probes are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocket::figment::Figment;
use rocket::{Build, Request, Rocket, get, routes};
use rocket_session_state::Sessions;

use crate::events::Told;
use crate::state::Users;
use crate::{csrf, events, load, ops, stream, typed};

#[get("/health")]
fn health() -> &'static str {
    "ok"
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "ok"
}

pub(crate) fn rocket(users: Users) -> Rocket<Build> {
    let told = Told::default();
    let listener = told.clone();
    let sessions = Sessions::fairing().clock(probe_now).on_event(move |event| listener.add(event));
    let rocket = rocket::build()
        .attach(sessions)
        .manage(users)
        .manage(told)
        .mount("/", events::routes())
        .mount("/", routes![health, untouched])
        .mount("/", ops::routes())
        .mount("/", typed::routes())
        .mount("/", load::routes())
        .mount("/", stream::routes());
    // Sessions in a store need no key, and without one the routes of tokens do not launch.
    let routes = if has_key(rocket.figment()) { csrf::routes() } else { Vec::new() };
    typed::admin(rocket.mount("/", routes))
}

/// Tells whether anything is set that tokens can be signed with.
fn has_key(figment: &Figment) -> bool {
    ["secret_key", "session_secret_key", "session_secret_key_base64", "wtf_csrf_secret_key"]
        .into_iter()
        .any(|key| figment.contains(key) || figment.contains(&key.to_ascii_uppercase()))
}

/// The time that the session engine sees: `X-Probe-Now` in unix seconds, or the real time.
fn probe_now(request: &Request<'_>) -> SystemTime {
    let seconds = request.headers().get_one("X-Probe-Now").and_then(|text| text.parse::<f64>().ok());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or_else(SystemTime::now, |since| UNIX_EPOCH + since)
}
