#![deny(warnings)]

use rocket::get;
use rocket_session_state::{UserSessions, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

#[get("/devices")]
pub async fn devices(mine: UserSessions<Visit>) -> Option<String> { //~
    let sessions = mine.list().await.ok()?;
    Some(sessions.len().to_string())
}

fn main() {}
