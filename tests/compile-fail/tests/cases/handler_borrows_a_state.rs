#![deny(warnings)]

use rocket::get;
use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    views: u32,
}

#[get("/")]
pub fn page(visit: &Visit) -> String { //~
    visit.views().to_string()
}

fn main() {}
