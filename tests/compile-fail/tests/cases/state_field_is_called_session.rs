#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    session: u32, //~
}

fn main() {}
