#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login key = "name")] //~
    username: Option<String>,
}

fn main() {}
