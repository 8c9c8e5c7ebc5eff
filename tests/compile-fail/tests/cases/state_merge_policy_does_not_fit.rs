#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(merge = "add")]
    name: String, //~
}

fn main() {}
