#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    _flashes: Vec<String>, //~
}

fn main() {}
