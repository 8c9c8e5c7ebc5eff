#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login, listed = true)] //~
    username: Option<String>,
}

fn main() {}
