#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(login)] //~
    email: Option<String>,
}

fn main() {}
