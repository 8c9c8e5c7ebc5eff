//! Removing expired records from a store that does not do so by itself.

use std::time::{Duration, SystemTime};

use super::manager::{Manager, SessionHome};
use crate::error_chain::Chain;
use crate::store::StoreError;
use crate::store::client::wait::{jitter, random_share};

impl Manager {
    /// Removes expired records and returns their number.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn purge(&self, now: SystemTime) -> Result<u64, StoreError> {
        match self.home() {
            SessionHome::Cookie(_) => Ok(0),
            SessionHome::Server(server) => server.store.purge(now).await,
        }
    }

    /// Removes expired records about every `session_purge_interval`; ends only if that is never.
    ///
    /// The first time comes after a random part of the interval, and intervals differ in length, so that processes
    /// that were started together do not search the store together. A failure is logged and does not change the
    /// next time. The future may be dropped at any moment.
    pub async fn purge_regularly(&self, clock: impl Fn() -> SystemTime) {
        let Some(interval) = self.config().session_purge_interval.filter(|_| !self.is_cookie_store()) else {
            return;
        };
        let mut wait = jitter(interval);
        loop {
            tokio::time::sleep(wait).await;
            self.purge_and_log(clock()).await;
            wait = around(interval);
        }
    }

    /// Decides at random whether this use of a session has to remove expired records: with
    /// `session_cleanup_n_requests` set to N, one use in N + 1 does, as in Flask-Session.
    pub fn is_purge_due(&self) -> bool {
        let one_in = self.config().session_cleanup_n_requests.map(|n| f64::from(n) + 1.0);
        one_in.is_some_and(|one_in| !self.is_cookie_store() && random_share() * one_in < 1.0)
    }

    /// Removes expired records, and writes their number or the error to the log.
    pub async fn purge_and_log(&self, now: SystemTime) {
        match self.purge(now).await {
            Ok(0) => {}
            Ok(removed) => log::debug!("{removed} expired sessions were removed from the store"),
            Err(error) => log::warn!("expired sessions could not be removed: {}", Chain(&error)),
        }
    }
}

/// Returns a random duration between half of the interval and one and a half.
fn around(interval: Duration) -> Duration {
    interval / 2 + jitter(interval)
}
