#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(key = "_lifetime")] //~
    days: Option<u32>,
}

fn main() {}
