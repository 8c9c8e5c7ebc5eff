#![deny(warnings)]

use rocket_session_state::session_state;
use serde::Serialize;

#[derive(Serialize)]
#[session_state]
pub struct Visit {
    username: Option<String>, //~
}

fn main() {}
