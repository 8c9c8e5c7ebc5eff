#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login, listed, listed)] //~
    username: Option<String>,
}

fn main() {}
