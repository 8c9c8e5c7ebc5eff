#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    username: Option<std::borrow::Cow<'a, str>>, //~
}

fn main() {}
