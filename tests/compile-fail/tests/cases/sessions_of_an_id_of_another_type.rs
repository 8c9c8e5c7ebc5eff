#![deny(warnings)]

use rocket_session_state::{Sessions, session_state};

#[session_state]
pub struct Visit {
    #[session(login, listed)]
    user_id: Option<i64>,
}

pub async fn end_all(sessions: &Sessions, name: &str) -> Option<usize> {
    sessions.of::<Visit>(name).end_all().await.ok() //~
}

fn main() {}
