#![deny(warnings)]


mod state {
    use rocket_session_state::session_state;

    #[session_state]
    pub struct Visit {
        views: u32,
    }
}

pub fn read(visit: state::Visit) -> u32 {
    visit.views() //~
}

fn main() {}
