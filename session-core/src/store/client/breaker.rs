//! A store that is down costs microseconds, not a timeout per request.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::StoreError;

/// Opens after some failures in a row; then one call in half a second tries whether the store is back.
pub(crate) struct Breaker {
    /// What is behind it, for the log.
    name: &'static str,
    threshold: u32,
    failures: AtomicU32,
    next_trial: Mutex<Instant>,
}

const TRIAL_EVERY: Duration = Duration::from_millis(500);

impl Breaker {
    /// `threshold` is `session_breaker_after`, at least 1.
    pub(crate) fn new(name: &'static str, threshold: u32) -> Self {
        Breaker { name, threshold, failures: AtomicU32::new(0), next_trial: Mutex::new(Instant::now()) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.failures.load(Ordering::Relaxed) < self.threshold
    }

    /// Lets a call through, or refuses it at once.
    pub(crate) fn admit(&self) -> Result<(), StoreError> {
        if self.is_closed() {
            return Ok(());
        }
        let mut next_trial = self.next_trial.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now < *next_trial {
            return Err(StoreError::unavailable("it failed repeatedly and is not tried again yet"));
        }
        *next_trial = now + TRIAL_EVERY;
        Ok(())
    }

    /// Notes how an admitted call ended.
    pub(crate) fn note(&self, error: Option<&StoreError>) {
        if error.is_some_and(StoreError::is_of_old_store) {
            return;
        }
        if error.is_none_or(|error| !error.is_outage()) {
            if self.failures.load(Ordering::Relaxed) != 0 {
                let before = self.failures.swap(0, Ordering::Relaxed);
                if before >= self.threshold {
                    log::warn!("{} answers again", self.name);
                }
            }
            return;
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures == self.threshold {
            *self.next_trial.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + TRIAL_EVERY;
            log::error!(
                "{} failed {failures} times in a row: requests that need it are answered at once with an \
                 error until it works again",
                self.name
            );
        }
    }
}
