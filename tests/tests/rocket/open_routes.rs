//! The routes below a prefix that let everybody in are found, whoever else answers in their place.

use std::path::PathBuf;

use rocket::fs::FileServer;
use rocket::{Build, Rocket, Route, get, options, post, routes};
use rocket_session_state::testing::open_routes;
use rocket_session_state::{require_session, session_state};
use tempfile::TempDir;

use crate::member::{Member, login_page};
use crate::site::Site;

#[get("/item/<_id>")]
fn item(_member: Member, _id: &str) {}

#[get("/item/<_path..>", rank = 5)]
fn items(_path: PathBuf) {}

#[get("/one")]
fn one(_member: Member) {}

#[get("/1")]
fn number_one(_member: Member) {}

#[get("/<_value>", rank = 2)]
fn value(_value: &str) {}

#[get("/<_number>", rank = 2)]
fn number(_member: Member, _number: u8) {}

#[get("/?<_page>&kind")]
fn query(_page: u8) {}

#[get("/page", format = "text/html", rank = 1)]
fn html(_member: Member) {}

#[get("/page", rank = 3)]
fn page() {}

#[post("/page", format = "json", rank = 1)]
fn json(_member: Member) {}

#[post("/page", rank = 3)]
fn form() {}

#[options("/page")]
fn page_options() {}

#[get("/<_path..>", rank = 9)]
fn rest(_member: Member, _path: PathBuf) {}

#[get("/page", rank = 1)]
fn closed(_member: Member) {}

#[get("/<_date>", rank = 1)]
fn date(_date: Day) {}

/// Takes a day as text, and nothing else.
struct Day;

impl<'a> rocket::request::FromParam<'a> for Day {
    type Error = ();

    fn from_param(text: &'a str) -> Result<Self, ()> {
        if text.len() == 10 && text.starts_with("2000-") { Ok(Day) } else { Err(()) }
    }
}

#[session_state]
struct Plain {
    age: Option<u8>,
}

/// A guard without a login: it turns visitors away with 403.
#[require_session(Plain)]
struct Aged {
    #[expect(dead_code, reason = "it is only there to be required")]
    age: u8,
}

async fn found(mount: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Vec<String> {
    let site = Site::launch(|rocket| mount(rocket.mount("/", routes![login_page]))).await;
    open_routes(&site.client, "/admin").await
}

#[rocket::async_test]
async fn a_route_is_found_although_another_answers_for_some_values_numbers_of_segments_or_formats() {
    let cases: [(Vec<Route>, &[&str]); 6] = [
        (routes![item, items], &["GET /admin/item/<_path..>: 200 OK"]),
        (routes![number_one, value], &["GET /admin/<_value>: 200 OK"]),
        (routes![html, page], &["GET /admin/page: 200 OK"]),
        (routes![json, form], &["POST /admin/page: 200 OK"]),
        (routes![date, rest], &["GET /admin/<_date>: 200 OK"]),
        (
            routes![page_options, closed, query],
            &["GET /admin?<_page>&kind: 200 OK", "OPTIONS /admin/page: 200 OK"],
        ),
    ];
    for (routes, expected) in cases {
        assert_eq!(found(|rocket| rocket.mount("/admin", routes)).await, expected);
    }
    assert_eq!(found(|rocket| rocket.mount("/admin", routes![one, number, item, rest])).await, [""; 0]);
}

#[rocket::async_test]
async fn a_route_that_never_answers_is_told_and_not_left_out() {
    let both = found(|rocket| rocket.mount("/admin", routes![closed, page])).await;
    assert_eq!(both, ["GET /admin/page: not reached"]);
    let folder = TempDir::new().unwrap();
    let list = found(|rocket| {
        let list = Member::required(FileServer::from(folder.path()).rank(5));
        rocket.mount("/admin", list).mount("/", FileServer::from(folder.path()))
    });
    assert_eq!(list.await, ["GET /<path..>: not reached"], "a list in front of it has answered");
}

#[rocket::async_test]
async fn a_gate_in_front_of_all_is_enough_if_it_asks_for_a_login() {
    let all = || routes![item, items, number_one, value, closed, page, json, form, page_options, query];
    let gated = found(|rocket| rocket.mount("/admin", Member::gate()).mount("/admin", all())).await;
    assert_eq!(gated, [""; 0]);
    let inside =
        found(|rocket| rocket.mount("/admin/item/1", Member::gate()).mount("/admin", routes![items]));
    assert_eq!(inside.await, ["GET /admin/item/<_path..>: 200 OK"], "the gate closes one of its paths");
    let forbidden = found(|rocket| rocket.mount("/admin", Aged::gate()).mount("/admin", routes![page])).await;
    assert_eq!(forbidden, ["GET /admin/page: 403 Forbidden"]);
}
