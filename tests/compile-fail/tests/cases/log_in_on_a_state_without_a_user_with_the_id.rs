#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

pub fn log_in(visit: &Visit) {
    visit.log_in(7); //~
}

fn main() {}
