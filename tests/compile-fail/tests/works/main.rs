//! Things that users try and that work, although the documentation shows another way first.

mod users;

use rocket::http::{Accept, Status};
use rocket::local::blocking::Client;
use rocket::{Route, get, post, routes, uri};
use rocket_session_state::{FieldError, Next, Sessions, require_session, session_state};
use serde::Serialize;
use serde_json::{Value, json};

#[session_state]
#[derive(Serialize)]
struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(key = "n")]
    views: u32,
    age: Result<u8, FieldError>,
}

/// Names its login page without a `Some`, and is serialized.
#[require_session(Visit, login = |next| uri!(login_page(next)), fresh = "1.5 hours")]
#[derive(Serialize)]
struct Member {
    username: String,
}

/// Derives above the attribute, where the proof is not yet a field.
#[derive(Serialize)]
#[require_session(Visit)]
struct Counted {
    username: String,
    views: u32,
}

#[get("/login?<next>")]
fn login_page(next: Option<Next>) -> String {
    next.unwrap_or_default().to_string()
}

#[post("/login")]
fn login(visit: Visit) {
    visit.set_username("momo");
    visit.set_views(3);
    visit.flash("welcome", "info");
}

#[get("/snapshots")]
fn snapshots(visit: Visit, member: Member, counted: Counted) -> String {
    json!([visit, member, counted]).to_string()
}

#[get("/flashes")]
fn flashes(visit: Visit) -> String {
    visit.take_flashes().into_iter().map(|flash| flash.message).collect()
}

#[post("/logout")]
fn logout(member: Member) {
    member.destroy();
}

fn launch(routes: Vec<Route>) -> Client {
    let figment = rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("secret_key", "a key of the tests, of which nobody has to be afraid"))
        .merge(("session_type", "memory"));
    let rocket = rocket::custom(figment).attach(Sessions::fairing()).mount("/", routes);
    Client::tracked(rocket).expect("the application launches")
}

fn client() -> Client {
    launch(routes![login_page, login, snapshots, flashes, logout, away, go_away])
}

fn get(client: &Client, path: &'static str) -> String {
    client.get(path).dispatch().into_string().unwrap_or_default()
}

#[test]
fn a_login_page_is_named_without_a_some_around_its_next() {
    let client = client();
    let answer = client.get("/snapshots").header(Accept::HTML).dispatch();
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(answer.headers().get_one("Location"), Some("/login?next=%2Fsnapshots"));
}

#[test]
fn a_state_is_serialized_as_its_fields_and_a_guard_without_its_proof() {
    let client = client();
    client.post("/login").dispatch();
    let snapshots: Value = serde_json::from_str(&get(&client, "/snapshots")).expect("JSON");
    let visit = json!({ "username": "momo", "views": 3, "age": null });
    let member = json!({ "username": "momo" });
    let counted = json!({ "username": "momo", "views": 3 });
    assert_eq!(snapshots, json!([visit, member, counted]));
}

#[test]
fn states_and_guards_do_what_their_session_does() {
    let client = client();
    client.post("/login").dispatch();
    assert_eq!(get(&client, "/flashes"), "welcome");
    assert_eq!(get(&client, "/flashes"), "");
    assert_eq!(client.post("/logout").dispatch().status(), Status::Ok);
    assert_eq!(client.get("/snapshots").dispatch().status(), Status::Unauthorized);
}

/// A package holds all its files, so the macros have a copy of the one grammar of durations.
#[test]
fn fresh_takes_the_durations_of_the_configuration() {
    let copy = include_str!("../../../../session-macros/src/duration.rs");
    let original = include_str!("../../../../session-core/src/settings/duration.rs");
    assert!(copy == original, "copy session-core/src/settings/duration.rs to session-macros/src");
}

/// A state of its own module, with a field that is seen from outside and one that is not.
mod elsewhere {
    use rocket_session_state::session_state;

    #[session_state]
    pub(crate) struct Away {
        #[session(login, key = "username")]
        pub(crate) name: Option<String>,
        pub(crate) level: u8,
        hidden: u8,
    }
}

/// A guard beside another module's state.
#[require_session(elsewhere::Away)]
struct FromAway {
    name: String,
    level: u8,
}

#[get("/away")]
fn away(guard: FromAway) -> String {
    format!("{} {}", guard.name, guard.level)
}

#[post("/away")]
fn go_away(visit: elsewhere::Away) {
    visit.set_name("momo");
    visit.set_level(3);
}

#[test]
fn a_guard_may_be_in_another_module_than_its_state() {
    let client = client();
    assert_eq!(client.post("/away").dispatch().status(), Status::Ok);
    assert_eq!(get(&client, "/away"), "momo 3");
}
