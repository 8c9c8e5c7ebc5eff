//! An application as its author writes it who serves an OpenAPI document, too.

mod users;

use rocket::{Build, Rocket, get, post, routes};
use rocket_okapi::okapi::openapi3::OpenApi;
use rocket_okapi::request::OpenApiFromRequest;
use rocket_okapi::{openapi, openapi_get_routes_spec};
use rocket_session_state::{Sessions, require_session, session_state};

#[session_state]
#[derive(OpenApiFromRequest)]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    team: Option<String>,
    views: u32,
}

/// Keeps out who is not logged in, and nobody else.
#[require_session(Visit)]
#[derive(Debug, OpenApiFromRequest)]
pub struct Member {
    username: String,
    views: u32,
}

/// Keeps out members without a team.
#[require_session(Member)]
#[derive(OpenApiFromRequest)]
pub struct Player {
    team: String,
}

#[require_session(Player, check = |player: &Player| player.team == "staff")]
#[derive(OpenApiFromRequest)]
pub struct Staff;

/// Requires nothing but what its base does.
#[require_session(Player)]
#[derive(OpenApiFromRequest)]
pub struct Captain;

/// For routes that no document has.
#[require_session(Visit)]
pub struct Undocumented;

#[openapi]
#[get("/")]
fn index(visit: Visit) -> String {
    visit.update_views(|views| *views += 1);
    visit.views().to_string()
}

#[openapi]
#[get("/account")]
fn account(member: Member) -> String {
    format!("{member:?} {} {}", member.username, member.views)
}

#[openapi]
#[get("/team")]
fn team(player: Player) -> String {
    player.team.clone()
}

#[openapi]
#[get("/captain")]
fn captain(captain: Captain) -> String {
    captain.team.clone()
}

#[require_session(Member)]
#[openapi]
#[post("/orders")]
fn order() -> String {
    "ordered".to_owned()
}

#[require_session(Staff)]
#[openapi]
#[post("/discounts")]
fn discount() -> String {
    "less".to_owned()
}

#[openapi]
#[post("/login/<name>")]
fn login(name: String, visit: Visit) {
    visit.set_username(name);
}

#[require_session(Undocumented)]
#[get("/internal")]
fn internal() -> &'static str {
    "internal"
}

/// Returns the application and its document.
pub fn application(rocket: Rocket<Build>) -> (Rocket<Build>, OpenApi) {
    let (routes, document) = openapi_get_routes_spec![index, account, team, captain, order, discount, login];
    let rocket = rocket.attach(Sessions::fairing()).mount("/", routes).mount("/", routes![internal]);
    let rocket = rocket.manage(users::Names(vec!["momo".to_owned()])).mount("/", users::routes());
    (rocket, document)
}
