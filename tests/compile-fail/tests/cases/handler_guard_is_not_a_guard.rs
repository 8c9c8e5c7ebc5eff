#![deny(warnings)]

use rocket::get;
use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[require_session(Visit)]
pub struct Member {
    username: String,
}

pub struct Other;

#[require_session(Other)] //~
#[get("/orders")]
pub fn orders() -> &'static str {
    "orders"
}

fn main() {}
