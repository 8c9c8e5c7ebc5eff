//! Routes for load tests: one thing each.

use std::time::Duration;

use rocket::http::ContentType;
use rocket::tokio::time::sleep;
use rocket::{Route, get, routes};
use serde_json::json;

use crate::state::Probe;
use crate::typed::items;

/// The pause between read and write of the slow routes.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn routes() -> Vec<Route> {
    routes![anon, read, count, login, state, count_slow, set_a, set_b]
}

#[get("/anon")]
fn anon() -> &'static str {
    "anon"
}

#[get("/read")]
fn read(probe: Probe) -> String {
    probe.username().unwrap_or_default()
}

#[get("/count")]
fn count(probe: Probe) -> String {
    let counter = probe.counter() + 1;
    probe.set_counter(counter);
    counter.to_string()
}

#[get("/count_slow")]
async fn count_slow(probe: Probe) -> String {
    let counter = probe.counter() + 1;
    sleep(PAUSE).await;
    probe.set_counter(counter);
    counter.to_string()
}

#[get("/login?<name>&<items>")]
fn login(name: String, items: Option<u32>, probe: Probe) -> &'static str {
    probe.set_username(name);
    probe.set_cart(self::items(items.unwrap_or(0)));
    "ok"
}

#[get("/state")]
fn state(probe: Probe) -> (ContentType, String) {
    let state = json!({ "counter": probe.counter(), "a": probe.a(), "b": probe.b() });
    (ContentType::JSON, state.to_string())
}

#[get("/set_a?<v>")]
async fn set_a(v: String, probe: Probe) -> &'static str {
    let _read = probe.a();
    sleep(PAUSE).await;
    probe.set_a(v);
    "ok"
}

#[get("/set_b?<v>")]
async fn set_b(v: String, probe: Probe) -> &'static str {
    let _read = probe.b();
    sleep(PAUSE).await;
    probe.set_b(v);
    "ok"
}
