#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(key = "_permanent")] //~
    permanent: bool,
}

fn main() {}
