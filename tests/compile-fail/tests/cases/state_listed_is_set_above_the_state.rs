#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state(listed)] //~
pub struct Visit {
    #[session(login)]
    username: Option<String>,
}

fn main() {}
