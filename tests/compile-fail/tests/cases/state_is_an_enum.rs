#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub enum Visit { //~
    Anonymous,
    Member(String),
}

pub fn read(visit: Visit) {
    let _ = visit;
}

fn main() {}
