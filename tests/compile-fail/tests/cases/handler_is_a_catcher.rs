#![deny(warnings)]

use rocket::catch;
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

#[require_session(Member)]
#[catch(401)] //~
pub fn unauthorized() -> &'static str {
    "please log in"
}

fn main() {}
