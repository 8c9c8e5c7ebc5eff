#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login, listed)]
    username: Option<String>,
    #[session(listed)] //~
    email: Option<String>,
}

fn main() {}
