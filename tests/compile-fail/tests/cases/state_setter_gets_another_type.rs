#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<String>,
}

pub fn write(visit: Visit) {
    visit.set_username(3); //~
}

fn main() {}
