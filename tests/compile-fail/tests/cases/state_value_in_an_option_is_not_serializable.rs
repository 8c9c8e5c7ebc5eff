#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    item: Option<Item>, //~
}

pub struct Item;

fn main() {}
