//! A message that was not answered well.

use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::routing::Node;
use super::wait::is_unsent;
use crate::store::StoreError;

/// The error of a message, and whether it can have done something.
pub(super) struct Failed {
    pub(super) error: RedisError,
    outcome: Outcome,
    /// What the application's own pool says instead.
    in_pool: Option<StoreError>,
    server: Option<Arc<str>>,
}

enum Outcome {
    /// It was not sent.
    Nothing,
    /// It was refused before it ran anything, until there was no time left.
    InVain,
    Open,
}

impl Failed {
    /// Nothing has happened.
    pub(super) fn before(error: RedisError) -> Self {
        Failed { error, outcome: Outcome::Nothing, server: None, in_pool: None }
    }

    /// Nothing has happened, however often it was tried.
    pub(super) fn in_vain(error: RedisError) -> Self {
        Failed { error, outcome: Outcome::InVain, server: None, in_pool: None }
    }

    /// Sent, and answered by an error or not at all; unless the error says that it was never sent.
    pub(super) fn after(error: RedisError) -> Self {
        let outcome = if is_unsent(&error) { Outcome::Nothing } else { Outcome::Open };
        Failed { error, outcome, server: None, in_pool: None }
    }

    /// Not answered, for a reason that the application's own pool knows.
    pub(super) fn in_pool(error: StoreError) -> Self {
        let no_answer = RedisError::from((ErrorKind::Io, "the application's pool failed"));
        Failed { in_pool: Some(error), ..Failed::after(no_answer) }
    }

    /// Says which of several servers it was.
    pub(super) fn at(self, node: &Node) -> Self {
        Failed { server: Some(Arc::clone(&node.name)), ..self }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        if let Some(error) = failed.in_pool {
            return error;
        }
        let error = match failed.outcome {
            Outcome::Nothing => StoreError::of_driver(failed.error).before_writing(),
            Outcome::InVain => in_vain(failed.error).before_writing(),
            Outcome::Open => StoreError::of_driver(failed.error),
        };
        match failed.server {
            Some(server) => error.at(server),
            None => error,
        }
    }
}

/// Whoever is refused for so long is not refused for what it wants: the servers do not work.
fn in_vain(error: RedisError) -> StoreError {
    use ServerErrorKind::{Ask, Moved};

    if let ErrorKind::Server(Moved | Ask) = error.kind() {
        return StoreError::unavailable(io::Error::other(
            "the servers do not agree which of them has the key",
        ));
    }
    StoreError::away_by_driver(error)
}
