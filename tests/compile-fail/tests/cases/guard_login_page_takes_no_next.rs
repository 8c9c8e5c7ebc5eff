#![deny(warnings)]

use rocket::{get, uri};
use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    views: u32,
    age: Option<u8>,
}

#[get("/login")]
pub fn login_page() -> &'static str {
    "log in"
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))] //~
pub struct Member {
    username: String,
}

fn main() {}
