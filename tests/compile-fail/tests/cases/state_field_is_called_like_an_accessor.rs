#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    views: u32,
    set_views: bool, //~
}

pub fn read(visit: Visit) {
    visit.set_views(1);
}

fn main() {}
