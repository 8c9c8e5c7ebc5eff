#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(listed)] //~
    devices: u32,
}

fn main() {}
