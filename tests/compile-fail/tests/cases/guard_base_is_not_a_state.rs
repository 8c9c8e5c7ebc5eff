#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

pub struct Other;

#[require_session(Other)] //~
pub struct Member {
    username: String,
    views: u32,
}

pub fn page(member: Member) {
    let _ = member;
}

fn main() {}
