#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    views: Result<u32, String>, //~
}

fn main() {}
