#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit)]
pub struct Member {
    username: String,
}

#[require_session(Visit)]
pub struct Adult {
    age: u8,
}

pub fn forge(adult: Adult) -> Member {
    Member { username: String::from("admin"), __proof_of_a_request: adult.__proof_of_a_request } //~
}

fn main() {}
