//! The part of the shared session that Rocket reads.

use crate::cart::{Cart, merge};
use rocket_session_state::{require_session, session_state};

/// The keys of Flask's session that the moved routes use. What else Flask keeps there stays as it is.
#[session_state]
pub(crate) struct Visit {
    /// Flask logs in; taken, it logs out at both sides.
    #[session(login)]
    pub(crate) username: Option<String>,
    /// Two requests at once that both add something are both heard.
    #[session(merge = merge)]
    pub(crate) cart: Cart,
}

impl Visit {
    /// Returns what `get_flashed_messages(with_categories=True)` gives, whichever side has flashed it.
    pub(crate) fn flashes(&self) -> Vec<(String, String)> {
        let flashes = self.take_flashes();
        flashes.into_iter().map(|flash| (flash.category, flash.message)).collect()
    }
}

/// A visitor who is logged in, at whichever side.
#[require_session(Visit)]
pub(crate) struct Member {
    pub(crate) username: String,
}

#[cfg(test)]
mod tests {
    use super::Visit;
    use rocket_session_state::testing;

    #[test]
    fn sessions_that_are_stored_stay_readable() {
        testing::check_layout::<Visit>("session-layout.json");
    }
}
