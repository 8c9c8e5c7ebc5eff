#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit<T> { //~
    views: T,
}

fn main() {}
