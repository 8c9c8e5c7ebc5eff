#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit, check = Member::is_stuff)] //~
pub struct Member {
    username: String,
}

impl Member {
    pub fn is_staff(&self) -> bool {
        self.username == "staff"
    }
}

fn main() {}
