#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    cart: Vec<Item>, //~
}

#[derive(Clone)]
pub struct Item;

pub fn read(visit: Visit) -> Vec<Item> {
    visit.update_cart(|cart| cart.push(Item));
    visit.set_cart(visit.take_cart());
    visit.cart()
}

fn main() {}
