#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    snapshot: u32, //~
}

fn main() {}
