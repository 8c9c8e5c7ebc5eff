#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    #[cfg(debug_assertions)] //~
    username: Option<String>,
}

fn main() {}
