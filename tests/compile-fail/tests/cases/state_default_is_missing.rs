#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    theme: Theme, //~
}

#[derive(serde::Serialize, serde::Deserialize)]
pub enum Theme {
    Light,
}

pub fn read(visit: Visit) -> Theme {
    visit.update_theme(|_| ());
    visit.theme()
}

fn main() {}
