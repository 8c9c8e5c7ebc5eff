#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(default = "light")] //~
    views: u32,
}

fn main() {}
