//! The state of the probe without users.

use rocket::http::Status;
use rocket_session_state::session_state;

use crate::fields::probe_state;

probe_state! {
    /// Everything the probe remembers about a visitor.
    #[session_state]
    login: #[session(login)]
}

/// There are none.
pub(crate) struct Users;

/// Refuses the key `log_in`, which the probe with users has.
pub(crate) fn log_in(_: &Probe, _: &str, _: &Users) -> Result<(), Status> {
    Err(Status::BadRequest)
}
