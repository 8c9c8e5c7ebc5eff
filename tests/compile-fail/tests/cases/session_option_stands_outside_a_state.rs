#![deny(warnings)]


pub struct Visit {
    #[session(login)] //~
    username: Option<String>,
}

fn main() {}
