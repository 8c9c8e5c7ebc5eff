#![deny(warnings)]

use rocket_session_state::{require_session, session_state};

#[derive(Clone)]
pub struct User;

#[session_state(user = User)] //~
pub struct Visit {
    #[session(login)]
    user_id: Option<i64>,
}

#[require_session(Visit)]
pub struct Member {
    #[session(user)]
    user: User,
}

pub fn log_in(visit: &Visit, user: &User) {
    visit.log_in(user);
}

fn main() {}
