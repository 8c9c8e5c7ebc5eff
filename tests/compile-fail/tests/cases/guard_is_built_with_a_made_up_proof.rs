#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit)]
pub struct Member {
    username: String,
}

pub fn forge(visit: Visit) -> Member {
    let proof = rocket_session_state::guard::Proof(visit); //~
    Member { username: String::from("admin"), __proof_of_a_request: proof }
}

fn main() {}
