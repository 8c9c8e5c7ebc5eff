#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit)] //~
pub struct Member {
    pub username: String,
}

fn main() {}
