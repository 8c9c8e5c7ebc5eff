#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(kye = "name")] //~
    username: Option<String>,
}

pub fn read(visit: Visit) -> Option<String> {
    visit.username()
}

fn main() {}
