//! The accessors that `#[session_state]` generates.

use rocket::{get, routes};
use rocket_session_state::{FieldError, Session, session_state};
use serde::{Deserialize, Serialize};

use crate::site::Site;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Theme {
    Light,
    Dark,
}

/// The session of a shop.
#[session_state]
struct Visit {
    views: u32,
    #[session(key = "colour", default = Theme::Light)]
    theme: Theme,
    cart: Vec<String>,
    note: Option<String>,
    count: Result<u32, FieldError>,
}

#[get("/defaults")]
fn defaults(visit: Visit) -> String {
    assert!(matches!(visit.count(), Err(FieldError::Missing { .. })));
    format!("{} {:?} {:?} {:?}", visit.views(), visit.theme(), visit.cart(), visit.note())
}

#[get("/change")]
fn change(visit: Visit) -> &'static str {
    let copy = visit.clone();
    visit.update_views(|views| {
        // The closure runs outside any lock.
        copy.set_note("from inside");
        *views += 1;
    });
    visit.set_theme(Theme::Dark);
    visit.update_cart(|cart| cart.push("tea".into()));
    visit.set_count(3_u32);
    "changed"
}

#[get("/show")]
fn show(visit: Visit) -> String {
    let count = visit.count().unwrap();
    format!("{} {:?} {:?} {:?} {count}", visit.views(), visit.theme(), visit.cart(), visit.note())
}

#[get("/take")]
fn take(visit: Visit) -> String {
    let taken = visit.take_cart();
    format!("{taken:?} {:?} {}", visit.cart(), visit.session().contains("cart"))
}

#[get("/unset")]
fn unset(visit: Visit) -> String {
    visit.set_note(None);
    visit.session().contains("note").to_string()
}

#[get("/keys")]
fn keys(session: Session) -> String {
    session.keys().join(" ")
}

#[get("/spoil")]
fn spoil(session: Session) -> &'static str {
    session.set("views", "not a number");
    session.set("count", "not a number");
    "spoilt"
}

#[get("/spoilt")]
fn spoilt(visit: Visit) -> String {
    let decode = matches!(visit.count(), Err(FieldError::Decode { .. }));
    let kept: String = visit.session().get("views").unwrap().unwrap();
    format!("{} {decode} {kept}", visit.views())
}

async fn site() -> Site {
    Site::launch(|rocket| {
        rocket.mount("/", routes![defaults, change, show, take, unset, keys, spoil, spoilt])
    })
    .await
}

#[rocket::async_test]
async fn absent_fields_read_as_their_defaults() {
    assert_eq!(site().await.text("/defaults").await, "0 Light [] None");
}

#[rocket::async_test]
async fn what_is_set_is_read_in_the_next_request() {
    let site = site().await;
    site.get("/change").await;
    assert_eq!(site.text("/show").await, "1 Dark [\"tea\"] Some(\"from inside\") 3");
    assert_eq!(site.text("/keys").await, "_permanent note views colour cart count");
}

#[rocket::async_test]
async fn a_taken_field_is_absent_and_a_field_set_to_none_too() {
    let site = site().await;
    site.get("/change").await;
    assert_eq!(site.text("/take").await, "[\"tea\"] [] false");
    assert_eq!(site.text("/unset").await, "false");
}

#[rocket::async_test]
async fn a_value_of_another_type_reads_as_absent_and_stays_as_it_is() {
    let site = site().await;
    site.get("/spoil").await;
    assert_eq!(site.text("/spoilt").await, "0 true not a number");
}
