#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

pub mod members {
    #[rocket_session_state::require_session(super::Visit)]
    pub struct Member {
        pub username: String,
    }
}

pub fn forge() -> members::Member {
    members::Member { username: String::from("admin") } //~
}

fn main() {}
