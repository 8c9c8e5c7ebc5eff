//! The channels on which the removal of a record is told to other processes.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use redis::{Cmd, RedisError, cmd};
use sha2::{Digest, Sha256};

use super::connection::Connection;
use crate::Chain;
use crate::store::StoreError;

/// Returns the channel of a key: one for each, so that only those are told who wait. Who listens to all of them learns
/// hashes, which let nobody in. Databases share channels; what another one's keys bring is a hint too many.
pub(super) fn of(key: &str) -> String {
    format!("session-ended:{:x}", Sha256::digest(key))
}

/// The command that tells of a removal. The message is empty: its channel says all.
pub(super) fn publish(key: &str) -> Cmd {
    cmd("PUBLISH").arg(of(key)).arg("").take()
}

/// Says once in the log that Redis does not let its user tell of removals, or listen.
#[derive(Clone)]
pub(super) struct Refusals {
    address: Arc<str>,
    told: Arc<AtomicBool>,
}

impl Refusals {
    pub(super) fn of(connection: &Connection) -> Self {
        Refusals { address: connection.address().into(), told: Arc::default() }
    }

    /// Looks at the error of a command with channels: one of a connection is not a refusal.
    pub(super) fn look_at(&self, error: RedisError) {
        let error = StoreError::of_driver(error);
        if error.is_refusal() {
            self.note(&Chain(&error));
        }
    }

    pub(super) fn note(&self, what: &dyn Display) {
        if !self.told.swap(true, Relaxed) {
            let address = &self.address;
            log::warn!(
                "the end of a session is noticed in other processes within session_ended_poll, not at once ({address}): \
                 {what}; give its user the rights &session-ended:* +publish +subscribe +unsubscribe"
            );
        }
    }
}
