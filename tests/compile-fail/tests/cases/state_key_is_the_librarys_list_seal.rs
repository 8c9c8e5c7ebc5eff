#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(key = "_listed")] //~
    seal: Option<String>,
}

fn main() {}
