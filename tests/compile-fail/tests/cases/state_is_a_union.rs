#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub union Visit { //~
    a: u8,
    b: u8,
}

fn main() {}
