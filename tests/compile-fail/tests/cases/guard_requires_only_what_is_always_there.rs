#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit)] //~
pub struct Anybody {
    views: u32,
}

fn main() {}
