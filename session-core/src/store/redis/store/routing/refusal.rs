//! Answers which say that nothing has happened.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::redis::store::redis_error::is_read_only;

/// A server's refusal, made before it ran anything.
pub(super) enum Refusal<'e> {
    /// Another server has the key's slot: this address.
    Moved(&'e str),
    /// This command is for the server that gets the slot just now.
    Ask(&'e str),
    /// The server can't do it now, and another one may.
    NotNow,
}

impl<'e> Refusal<'e> {
    pub(super) fn of(error: &'e RedisError) -> Option<Self> {
        use ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, TryAgain};

        match error.kind() {
            ErrorKind::Server(Moved) => Some(Refusal::Moved(error.redirect_node()?.0)),
            ErrorKind::Server(Ask) => Some(Refusal::Ask(error.redirect_node()?.0)),
            ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | TryAgain) => Some(Refusal::NotNow),
            _ if is_read_only(error) => Some(Refusal::NotNow),
            ErrorKind::Extension if error.code() == Some("NOREPLICAS") => Some(Refusal::NotNow),
            _ => None,
        }
    }
}
