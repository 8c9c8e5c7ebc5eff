#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
#[derive(PartialEq)] //~
pub struct Visit {
    #[session(logn)] //~
    username: Option<String>,
    #[session(key = "")] //~
    views: u32,
    #[session(merge = "sum")] //~
    visits: u32,
    session: u8, //~
    #[session(key = "visits")] //~
    visited: Vec<String>,
}

pub fn read(visit: Visit) -> Option<String> {
    visit.set_views(visit.visits());
    visit.username()
}

fn main() {}
