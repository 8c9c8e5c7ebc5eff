#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit(Option<String>); //~

pub fn read(visit: Visit) {
    let _ = visit;
}

fn main() {}
