//! A circuit breaker: a store that is down costs microseconds, not a timeout for each request.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::outage_log::OutageLog;
use crate::store::StoreError;

/// Opens after some failures in a row. Then one call in half a second tries whether the store is back.
pub(crate) struct Breaker {
    threshold: u32,
    failures: AtomicU32,
    next_trial: Mutex<Instant>,
    log: OutageLog,
}

const TRIAL_EVERY: Duration = Duration::from_millis(500);

impl Breaker {
    /// `name` names the store in the log. `threshold` is at least 1.
    pub(crate) fn new(name: &'static str, threshold: u32) -> Self {
        Breaker {
            threshold,
            failures: AtomicU32::new(0),
            next_trial: Mutex::new(Instant::now()),
            log: OutageLog::new(name),
        }
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
            self.log.refused();
            return Err(StoreError::unavailable("it failed repeatedly and is not tried again yet"));
        }
        *next_trial = now + TRIAL_EVERY;
        Ok(())
    }

    /// Notes how an admitted call ended.
    pub(crate) fn note(&self, error: Option<&StoreError>) {
        match error {
            Some(error) if error.is_outage() => self.note_failure(error),
            // The store had no part in it.
            Some(error) if error.is_elsewhere() => {}
            _ => {
                if self.failures.load(Ordering::Relaxed) != 0 {
                    self.failures.store(0, Ordering::Relaxed);
                    self.log.over();
                }
            }
        }
    }

    fn note_failure(&self, error: &StoreError) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures == self.threshold {
            *self.next_trial.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + TRIAL_EVERY;
        }
        self.log.failed(error, failures >= self.threshold);
    }

    /// Notes that a request's own time is up, which says nothing about the store.
    pub(super) fn out_of_time(&self, error: &StoreError) {
        self.log.out_of_time(error);
    }
}
