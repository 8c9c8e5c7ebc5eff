#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login, listd)] //~
    username: Option<String>,
}

fn main() {}
