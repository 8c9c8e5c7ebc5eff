#![deny(unused_must_use)]

use std::time::Duration;

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

pub fn remember(visit: &Visit) {
    visit.session().set_lifetime(Duration::from_secs(3600)); //~
}

fn main() {}
