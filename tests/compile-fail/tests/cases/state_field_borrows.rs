#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<&'static str>, //~
}

fn main() {}
