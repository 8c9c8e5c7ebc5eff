#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
#[derive(Debug, Default)] //~
pub struct Visit {
    username: Option<String>,
}

fn main() {}
