#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    _login_at: u64, //~
}

fn main() {}
