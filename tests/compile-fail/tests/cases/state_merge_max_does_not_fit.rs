#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(merge = "max")]
    theme: Option<Theme>, //~
}

#[derive(serde::Serialize, serde::Deserialize)]
pub enum Theme {
    Light,
}

fn main() {}
