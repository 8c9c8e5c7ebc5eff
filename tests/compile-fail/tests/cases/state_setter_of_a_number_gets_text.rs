#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    views: u32,
}

pub fn write(visit: Visit) {
    visit.set_views("3"); //~
}

fn main() {}
