#![deny(warnings)]

use rocket_session_state::require_session;

mod state {
    use rocket_session_state::session_state;

    #[session_state]
    pub struct Visit {
        #[session(login)]
        pub username: Option<String>,
        views: u32,
    }
}

#[require_session(state::Visit)]
pub struct Member {
    views: u32, //~
}

fn main() {}
