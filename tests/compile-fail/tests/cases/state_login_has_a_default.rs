#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login, default = Some("guest".to_owned()))] //~
    username: Option<String>,
}

fn main() {}
