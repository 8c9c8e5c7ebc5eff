#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<String>,
}

pub fn read(visit: Visit) -> Option<String> {
    visit.usernme() //~
}

fn main() {}
