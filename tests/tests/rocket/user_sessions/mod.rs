//! The sessions of a user, as handlers and jobs have them.

mod guard;
mod handle;
mod launch;

use rocket::http::Header;
use rocket::local::asynchronous::LocalResponse;
use rocket::{Build, Rocket, get, post, routes, uri};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::testing::Client;
use rocket_session_state::{
    Next, SaveError, Sessions, UserSession, UserSessions, require_session, session_state,
};
use serde_json::Value;

use crate::site::quiet;

#[session_state]
struct Visit {
    #[session(login, listed)]
    user_id: Option<i64>,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
struct Member {
    user_id: i64,
}

#[get("/login?<next>")]
fn login_page(next: Option<Next>) -> String {
    next.unwrap_or_default().to_string()
}

#[post("/login?<id>&<label>")]
fn log_in(visit: Visit, id: i64, label: Option<&str>) {
    visit.set_user_id(id);
    if let Some(label) = label {
        visit.session().set_label(label);
    }
}

#[post("/logout")]
fn log_out(visit: Visit) {
    visit.take_user_id();
}

#[get("/account")]
fn account(member: Member) -> String {
    member.user_id.to_string()
}

#[get("/devices")]
async fn devices(mine: UserSessions<Visit>) -> Result<String, SaveError> {
    mine.list().await.map(json)
}

#[get("/member/devices")]
async fn devices_of_member(_member: Member, mine: UserSessions<Visit>) -> Result<String, SaveError> {
    mine.list().await.map(json)
}

#[post("/devices/end?<handle>")]
async fn end(mine: UserSessions<Visit>, handle: &str) -> Result<String, SaveError> {
    mine.end(handle).await.map(|ended| ended.to_string())
}

#[post("/devices/end-others")]
async fn end_others(mine: UserSessions<Visit>) -> Result<String, SaveError> {
    mine.end_others().await.map(|ended| ended.to_string())
}

#[post("/devices/end-all")]
async fn end_all(mine: UserSessions<Visit>) -> Result<String, SaveError> {
    mine.end_all().await.map(|ended| ended.to_string())
}

#[post("/admin/<id>/end")]
async fn end_of_user(sessions: Sessions, id: i64) -> Result<String, SaveError> {
    sessions.of::<Visit>(&id).end_all().await.map(|ended| ended.to_string())
}

fn json(sessions: Vec<UserSession>) -> String {
    serde_json::to_string(&sessions).unwrap()
}

/// The application of these tests, as configured.
fn application(change: impl FnOnce(&mut SessionConfig)) -> Rocket<Build> {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    change(&mut config);
    quiet().attach(Sessions::with_config(config)).mount(
        "/",
        routes![
            login_page,
            log_in,
            log_out,
            account,
            devices,
            devices_of_member,
            end,
            end_others,
            end_all,
            end_of_user
        ],
    )
}

/// Logs in by the form, with this browser.
async fn log_in_with<'c>(client: &'c Client, id: i64, browser: &'static str) -> LocalResponse<'c> {
    client.post(format!("/login?id={id}")).header(Header::new("User-Agent", browser)).dispatch().await
}

async fn sent(client: &Client, path: &str) -> String {
    client.post(path.to_owned()).dispatch().await.into_string().await.unwrap_or_default()
}

/// The user's sessions as the page shows them.
async fn shown(client: &Client) -> Vec<Value> {
    let page = client.get("/devices").dispatch().await.into_string().await.unwrap();
    serde_json::from_str(&page).unwrap()
}

async fn labels(client: &Client) -> Vec<String> {
    shown(client).await.iter().map(|session| session["label"].as_str().unwrap().to_owned()).collect()
}
