//! One state of ten fields, one guard, five guarded handlers: with the attributes.

use rocket::{Route, get, routes};
use rocket_session_state::{require_session, session_state};

#[session_state]
pub struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(merge = "add")]
    views: u32,
    #[session(merge = "union")]
    tags: Vec<String>,
    #[session(merge = "max")]
    high: i64,
    #[session(key = "colour", default = String::from("red"))]
    theme: String,
    city: Option<String>,
    note: Option<String>,
    age: Option<u8>,
    score: f64,
    seen: bool,
}

#[require_session(Visit)]
pub struct Member {
    pub username: String,
}

#[require_session(Member)]
#[get("/a/<id>")]
fn a(id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[require_session(Member)]
#[get("/b/<id>")]
fn b(id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[require_session(Member)]
#[get("/c/<id>")]
fn c(id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[require_session(Member)]
#[get("/d/<id>")]
fn d(id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

#[require_session(Member)]
#[get("/e/<id>")]
fn e(id: u32, visit: Visit) -> String {
    format!("{id} {}", visit.views())
}

pub fn all() -> Vec<Route> {
    routes![a, b, c, d, e]
}
