#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit, check = Member::name)] //~
pub struct Member {
    username: String,
}

impl Member {
    async fn name(&self) -> String {
        self.username.clone()
    }
}

fn main() {}
