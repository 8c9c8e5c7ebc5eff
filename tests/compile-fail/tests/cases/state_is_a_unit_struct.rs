#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit; //~

fn main() {}
