#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
    #[session(key = "_lifetime")] //~
    lifetime: u32,
}

fn main() {}
