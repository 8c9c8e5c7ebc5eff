#![deny(warnings)]

use rocket::get;
use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit)]
pub struct Member {
    username: String,
}

#[get("/")]
pub fn page(member: &Member) -> String { //~
    member.username.clone()
}

fn main() {}
