//! A message that was not answered well.

use redis::RedisError;

use crate::store::StoreError;

/// The error of a message, and whether it can have done something.
pub(super) struct Failed {
    pub(super) error: RedisError,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was not sent, or the server has refused it before it ran anything.
    Nothing,
    Open,
}

impl Failed {
    /// Nothing has happened.
    pub(super) fn before(error: RedisError) -> Self {
        Failed { error, outcome: Outcome::Nothing }
    }

    /// Sent, and answered by an error or not at all.
    pub(super) fn after(error: RedisError) -> Self {
        Failed { error, outcome: Outcome::Open }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        let error = StoreError::of_driver(failed.error);
        if failed.outcome == Outcome::Nothing { error.before_writing() } else { error }
    }
}
