//! The clients that applications are tested with.

mod clients;
mod cookies;
mod layout;
mod misuse;
mod outages;
mod places;
mod users;

use rocket::http::Status;
use rocket::{Build, Rocket, get, post, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::testing::{self, Client};
use rocket_session_state::{Sessions, require_session, session_state};

use crate::site::quiet;

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(merge = "add")]
    views: u32,
}

#[require_session(Visit)]
struct Member {
    username: String,
}

#[post("/login?<name>")]
fn log_in(visit: Visit, name: &str) {
    visit.set_username(name);
}

#[get("/account")]
fn account(member: Member) -> String {
    member.username
}

#[post("/views")]
fn count(visit: Visit) {
    visit.update_views(|views| *views += 1);
}

#[get("/views")]
fn views(visit: Visit) -> String {
    visit.views().to_string()
}

#[get("/open")]
fn open() {}

/// The application of these tests, as configured.
fn application(change: impl FnOnce(&mut SessionConfig)) -> Rocket<Build> {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    change(&mut config);
    served(quiet().attach(Sessions::with_config(config)))
}

fn served(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.mount("/", routes![log_in, account, count, views, open])
}

async fn momo() -> Client {
    let client = testing::client(application(|_| {})).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    client
}

async fn status(client: &Client, path: &str) -> Status {
    client.get(path.to_owned()).dispatch().await.status()
}

async fn text(client: &Client, path: &str) -> String {
    client.get(path.to_owned()).dispatch().await.into_string().await.unwrap_or_default()
}
