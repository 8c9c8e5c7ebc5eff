#![deny(warnings)]

use rocket_session_state::session_state;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Item;

#[session_state]
pub struct Visit {
    #[session(merge = "union")]
    cart: Vec<Item>, //~
}

fn main() {}
