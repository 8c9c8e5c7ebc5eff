#![deny(warnings)]

use rocket_session_state::session_state;

#[session_state]
pub struct Visit {
    #[session(merge = newer)] //~
    views: Option<u32>,
}

use rocket_session_state::merge::Refused;

pub fn newer(
    _: Option<Option<u32>>,
    mine: Option<Option<u32>>,
    _: Option<Option<u32>>,
) -> Result<Option<Option<u32>>, Refused> {
    Ok(mine)
}

fn main() {}
