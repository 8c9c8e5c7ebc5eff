//! The picture of a session that templates are given.

use rocket::{get, routes};
use rocket_session_state::{FieldError, require_session, session_state};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::site::Site;

#[derive(Clone, Serialize, Deserialize)]
struct Item {
    id: u64,
}

mod shop {
    use super::*;

    /// A session with a field of each kind.
    #[session_state]
    pub(super) struct Visit {
        #[session(login)]
        pub(super) username: Option<String>,
        #[session(key = "n")]
        pub(super) views: u32,
        pub(super) cart: Vec<Item>,
        pub(super) r#type: Option<u8>,
        pub(super) age: Result<u8, FieldError>,
        pub(super) size: Result<u8, FieldError>,
        #[cfg(test)]
        here: u8,
        #[cfg(not(test))]
        gone: u8,
    }
}

use shop::Visit;

#[session_state]
#[derive(Serialize)]
struct Derived {
    n: u32,
    cart: Vec<Item>,
    age: Result<u8, FieldError>,
    note: Option<String>,
}

#[session_state]
struct Empty {}

#[require_session(Visit)]
struct Member;

#[get("/empty")]
fn empty(visit: Visit, empty: Empty) -> String {
    json!([visit.snapshot(), empty.snapshot()]).to_string()
}

#[get("/change")]
async fn change(visit: Visit) -> String {
    visit.set_username("momo");
    visit.set_views(3);
    visit.set_cart(vec![Item { id: 7 }]);
    visit.set_type(1);
    visit.set_age(30);
    visit.session().set("size", "not a number");
    let snapshot = visit.snapshot();
    visit.session().clear();
    // It is nobody's but its own: another task has it, and the session is gone.
    drop(visit);
    rocket::tokio::spawn(async move { json!(snapshot).to_string() }).await.unwrap()
}

#[get("/log-in")]
fn log_in(visit: Visit) {
    visit.set_username("momo");
}

#[get("/member")]
fn member(member: Member) -> String {
    json!(member.snapshot()).to_string()
}

#[get("/derived")]
fn derived(visit: Derived) -> String {
    visit.set_n(2_u32);
    let before = json!(visit);
    visit.set_cart(vec![Item { id: 1 }]);
    assert_eq!(json!(visit), json!(visit.snapshot()));
    json!([before, visit]).to_string()
}

#[get("/flashes")]
fn flashes(visit: Visit) -> String {
    visit.flash("It is in your cart.", "info");
    json!(visit.take_flashes()).to_string()
}

async fn site() -> Site {
    Site::launch(|rocket| rocket.mount("/", routes![empty, change, log_in, member, derived, flashes])).await
}

async fn answer(site: &Site, path: &str) -> Value {
    serde_json::from_str(&site.text(path).await).expect("JSON")
}

#[rocket::async_test]
async fn a_snapshot_has_every_field_that_there_is_by_its_name_and_keeps_what_was() {
    let mut expected = json!({
        "username": "momo", "views": 3, "cart": [{ "id": 7 }], "type": 1, "age": 30, "size": null, "here": 0
    });
    let site = site().await;
    assert_eq!(answer(&site, "/change").await, expected);
    for (name, nothing) in
        [("username", json!(null)), ("views", json!(0)), ("cart", json!([])), ("type", json!(null))]
    {
        expected[name] = nothing;
    }
    expected["age"] = json!(null);
    assert_eq!(answer(&site, "/empty").await, json!([expected, {}]));
}

#[rocket::async_test]
async fn a_guard_has_the_snapshot_of_its_state() {
    let site = site().await;
    site.get("/log-in").await;
    assert_eq!(answer(&site, "/member").await["username"], "momo");
}

#[rocket::async_test]
async fn a_state_that_derives_serialize_is_serialized_as_its_snapshot() {
    let before = json!({ "n": 2, "cart": [], "age": null, "note": null });
    let after = json!({ "n": 2, "cart": [{ "id": 1 }], "age": null, "note": null });
    assert_eq!(answer(&site().await, "/derived").await, json!([before, after]));
}

#[rocket::async_test]
async fn a_flash_is_serialized_by_category_and_message() {
    let flash = json!([{ "category": "info", "message": "It is in your cart." }]);
    assert_eq!(answer(&site().await, "/flashes").await, flash);
}
