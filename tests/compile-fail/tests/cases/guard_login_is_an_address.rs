#![deny(warnings)]

use rocket::get;
use rocket_session_state::{Next, require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[get("/login?<next>")]
pub fn login(next: Option<Next>) -> String {
    next.unwrap_or_default().to_string()
}

#[require_session(Visit, login = rocket::uri!(login))] //~
pub struct Member {
    username: String,
}

fn main() {}
