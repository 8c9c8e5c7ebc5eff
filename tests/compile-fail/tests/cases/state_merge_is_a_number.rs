#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(merge = 3)] //~
    views: u32,
}

fn main() {}
