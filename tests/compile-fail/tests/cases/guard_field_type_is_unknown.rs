#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Name(String);

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<Name>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit)]
pub struct Member {
    username: Nmae, //~
}

fn main() {}
