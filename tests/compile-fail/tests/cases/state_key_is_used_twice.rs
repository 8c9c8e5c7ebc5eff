#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<String>,
    #[session(key = "username")] //~
    email: Option<String>,
}

fn main() {}
