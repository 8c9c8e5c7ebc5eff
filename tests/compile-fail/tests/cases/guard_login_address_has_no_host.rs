#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit, login = "https:///login")] //~
pub struct Member {
    username: String,
}

fn main() {}
