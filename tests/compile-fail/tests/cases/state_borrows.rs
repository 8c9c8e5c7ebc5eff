#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit<'a> { //~
    name: &'a str,
}

fn main() {}
