#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(default = 1)] //~
    views: Result<u32, rocket_session_state::FieldError>,
}

fn main() {}
