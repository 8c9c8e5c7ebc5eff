//! Why expired sessions could not be removed.

use std::error::Error;
use std::fmt;

use rocket_session_state_core::config::ConfigError;
use rocket_session_state_core::store::StoreError;

/// [`Sessions::purge`](crate::Sessions::purge) failed. What was removed until then stays removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum PurgeError {
    /// The configuration is wrong.
    Config(ConfigError),
    /// The store can't be reached or failed.
    Store(StoreError),
}

impl fmt::Display for PurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expired sessions could not be removed")
    }
}

impl Error for PurgeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            PurgeError::Config(error) => error,
            PurgeError::Store(error) => error,
        })
    }
}
