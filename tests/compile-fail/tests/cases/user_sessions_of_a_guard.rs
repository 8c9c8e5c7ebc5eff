#![deny(warnings)]

use rocket::get;
use rocket_session_state::{UserSessions, require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login, listed)]
    user_id: Option<i64>,
}

#[require_session(Visit)]
pub struct Member {
    user_id: i64,
}

#[get("/devices")]
pub async fn devices(mine: UserSessions<Member>) -> Option<String> { //~
    let sessions = mine.list().await.ok()?;
    Some(sessions.len().to_string())
}

fn main() {}
