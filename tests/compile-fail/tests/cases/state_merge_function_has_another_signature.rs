#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(merge = newer)] //~
    views: u32,
}

pub fn newer(mine: u32, theirs: u32) -> u32 {
    mine.max(theirs)
}

fn main() {}
