#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

pub fn page(visit: Visit) {
    visit.username = Some("momo".to_owned()); //~
}

fn main() {}
