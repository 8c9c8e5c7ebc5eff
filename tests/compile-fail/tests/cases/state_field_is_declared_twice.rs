#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<String>,
    username: Option<String>, //~
}

fn main() {}
