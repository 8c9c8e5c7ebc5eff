//! `/devices` and `/admin-end`: the sessions of a user, shown and ended.

use rocket::figment::Figment;
use rocket::http::{ContentType, Status};
use rocket::{Route, get, post, routes};
use rocket_session_state::{SaveError, Sessions, UserSessions};
use serde::Deserialize;

use crate::state::Probe;

pub(crate) fn routes() -> Vec<Route> {
    routes![list, end, admin_end]
}

/// Tells whether sessions live in a store.
pub(crate) fn can_be_listed(figment: &Figment) -> bool {
    let kind =
        ["session_type", "SESSION_TYPE"].iter().find_map(|key| figment.extract_inner::<String>(key).ok());
    kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("cookie"))
}

/// The sessions that `POST /devices` ends.
#[derive(Deserialize)]
enum Which {
    #[serde(rename = "end")]
    One(String),
    #[serde(rename = "end_others")]
    Others(bool),
    #[serde(rename = "end_all")]
    All(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    user: String,
}

#[get("/devices")]
async fn list(mine: UserSessions<Probe>) -> Result<(ContentType, String), SaveError> {
    let sessions = mine.list().await?;
    Ok((ContentType::JSON, serde_json::json!(sessions).to_string()))
}

#[post("/devices", data = "<body>")]
async fn end(body: Vec<u8>, mine: UserSessions<Probe>) -> Result<Status, SaveError> {
    Ok(match serde_json::from_slice(&body) {
        Ok(Which::One(handle)) if mine.end(&handle).await? => Status::Ok,
        Ok(Which::One(_)) => Status::NotFound,
        Ok(Which::Others(true)) => mine.end_others().await.map(|_| Status::Ok)?,
        Ok(Which::All(true)) => mine.end_all().await.map(|_| Status::Ok)?,
        _ => Status::BadRequest,
    })
}

/// Ends all sessions of a user, without one of its own.
#[post("/admin-end", data = "<body>")]
async fn admin_end(body: Vec<u8>, sessions: Sessions) -> Result<Status, SaveError> {
    let Ok(Whose { user }) = serde_json::from_slice(&body) else { return Ok(Status::BadRequest) };
    sessions.of::<Probe>(&user).end_all().await?;
    Ok(Status::Ok)
}
