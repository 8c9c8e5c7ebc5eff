#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    age: Option<u8>,
}

#[require_session(Visit, fresh = "10 minutes")] //~
pub struct Adult {
    age: u8,
}

fn main() {}
