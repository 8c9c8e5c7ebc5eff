#![deny(warnings)]

use rocket_session_state::session_state;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct UserId(i64);

#[session_state]
pub struct Visit {
    #[session(login, listed)]
    user_id: Option<UserId>, //~
}

fn main() {}
