#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit, check = is_even)] //~
pub struct Member {
    username: String,
}

fn is_even(number: &u32) -> bool {
    number.is_multiple_of(2)
}

fn main() {}
