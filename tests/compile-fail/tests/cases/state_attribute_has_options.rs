#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state(login = "username")] //~
pub struct Visit {
    username: Option<String>,
}

fn main() {}
