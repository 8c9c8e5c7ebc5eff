//! A message that was not answered well.

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

/// The error of a message, and whether it can have done something.
pub(super) struct Failed {
    pub(super) error: RedisError,
    outcome: Outcome,
    /// What the application's own pool says instead.
    in_pool: Option<StoreError>,
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
        Failed { error, outcome: Outcome::Nothing, in_pool: None }
    }

    /// Sent, and answered by an error or not at all.
    pub(super) fn after(error: RedisError) -> Self {
        Failed { error, outcome: Outcome::Open, in_pool: None }
    }

    /// Not answered, for a reason that the application's own pool knows.
    pub(super) fn in_pool(error: StoreError) -> Self {
        let no_answer = RedisError::from((ErrorKind::Io, "the application's pool failed"));
        Failed { in_pool: Some(error), ..Failed::after(no_answer) }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        if let Some(error) = failed.in_pool {
            return error;
        }
        let error = StoreError::of_driver(failed.error);
        if failed.outcome == Outcome::Nothing { error.before_writing() } else { error }
    }
}
