#![deny(warnings)]

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

pub struct Shop;

impl Shop {
    #[require_session(Member)]
    #[rocket::get("/orders")]
    pub fn orders(&self) -> &'static str { //~
        "orders"
    }
}

fn main() {}
