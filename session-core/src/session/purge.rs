//! When expired records are removed from a store that does not do so by itself.

use std::time::{Duration, SystemTime};

use super::manager::Manager;
use crate::error_chain::Chain;
use crate::store::client::jitter::{jitter, share};

impl Manager {
    /// Removes expired records about every `session_purge_interval`; ends only if that is never.
    ///
    /// The first time comes after a random part of the interval, and no two intervals are equally long: processes
    /// that were started together don't search the store together. A failure is logged, and the next time comes as
    /// it would have. Safe to drop at any moment.
    pub async fn purge_regularly(&self, clock: impl Fn() -> SystemTime) {
        let Some(interval) = self.config().session_purge_interval.filter(|_| !self.keeps_cookies()) else {
            return;
        };
        let mut wait = jitter(interval);
        loop {
            tokio::time::sleep(wait).await;
            self.purge_and_log(clock()).await;
            wait = around(interval);
        }
    }

    /// Whether this use of a session is one after which expired records are to be removed: with
    /// `session_cleanup_n_requests` set to N one in N + 1, at random, as in Flask-Session.
    pub fn is_purge_due(&self) -> bool {
        let one_in = self.config().session_cleanup_n_requests.map(|n| f64::from(n) + 1.0);
        one_in.is_some_and(|one_in| !self.keeps_cookies() && share() * one_in < 1.0)
    }

    /// As [`purge`](Manager::purge), for whoever has nobody to tell what came of it.
    pub async fn purge_and_log(&self, now: SystemTime) {
        match self.purge(now).await {
            Ok(0) => {}
            Ok(removed) => log::debug!("{removed} expired sessions were removed from the store"),
            Err(error) => log::warn!("expired sessions could not be removed: {}", Chain(&error)),
        }
    }
}

/// Half to one and a half of the interval.
fn around(interval: Duration) -> Duration {
    interval / 2 + jitter(interval)
}
