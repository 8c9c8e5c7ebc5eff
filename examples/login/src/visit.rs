//! What the application knows about who is visiting.

use rocket_session_state::{require_session, session_state};

/// Everything this application remembers about a visitor.
#[session_state]
pub(crate) struct Visit {
    /// The name of the user who is logged in; writing it gives the session a new id.
    #[session(login)]
    pub(crate) username: Option<String>,
}

/// Proof that the visitor is logged in.
#[require_session(Visit)]
pub(crate) struct Member {
    pub(crate) username: String,
}
