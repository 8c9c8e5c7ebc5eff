#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

pub fn remember(visit: &Visit) {
    let _ = visit.session().set_lifetime(3600); //~
}

fn main() {}
