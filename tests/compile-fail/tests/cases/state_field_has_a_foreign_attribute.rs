#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[serde(default)] //~
    views: u32,
}

fn main() {}
