#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit, login = "ftp://accounts.example/login")] //~
pub struct Member {
    username: String,
}

fn main() {}
