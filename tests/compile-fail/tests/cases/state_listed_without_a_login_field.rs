#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(listed)] //~
    username: Option<String>,
}

fn main() {}
