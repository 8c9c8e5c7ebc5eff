#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub fn visit() {} //~

fn main() {}
