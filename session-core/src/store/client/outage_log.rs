//! The log lines of an outage: one when it begins, one per interval while it lasts, one when it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error_chain::Chain;
use crate::store::StoreError;

/// Writes the failures of one store to the log, instead of a line for each request that met one.
pub(super) struct OutageLog {
    /// The store's name in the log.
    name: &'static str,
    /// Whether a line has told of failures that are not over yet.
    told: AtomicBool,
    since_line: Mutex<SinceLine>,
}

/// The last line, and what has happened since.
#[derive(Default)]
struct SinceLine {
    at: Option<Instant>,
    /// Failed calls and calls that were refused at once.
    failures: u64,
}

/// The time between two lines about the same store.
const LINE_EVERY: Duration = Duration::from_secs(30);

impl OutageLog {
    pub(super) fn new(name: &'static str) -> Self {
        OutageLog { name, told: AtomicBool::new(false), since_line: Mutex::default() }
    }

    /// Counts a call that failed, and tells of it unless a line was written lately.
    pub(super) fn failed(&self, error: &StoreError) {
        let mut since_line = self.since_line.lock().unwrap_or_else(PoisonError::into_inner);
        since_line.failures += 1;
        let now = Instant::now();
        if since_line.at.is_some_and(|at| now.duration_since(at) < LINE_EVERY) {
            return;
        }
        let (name, failures) = (self.name, since_line.failures);
        *since_line = SinceLine { at: Some(now), failures: 0 };
        drop(since_line);
        self.told.store(true, Ordering::Relaxed);
        match failures {
            1 => log::error!("{name} failed: {}", Chain(error)),
            _ => log::error!("{name} failed, {failures} calls since this was last told: {}", Chain(error)),
        }
    }

    /// Counts a call that was refused without asking the store.
    pub(super) fn refused(&self) {
        self.since_line.lock().unwrap_or_else(PoisonError::into_inner).failures += 1;
    }

    /// Notes that the store works again.
    pub(super) fn over(&self) {
        if self.told.swap(false, Ordering::Relaxed) {
            let failures = {
                let mut since_line = self.since_line.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut since_line.failures)
            };
            log::warn!("{} works again; {failures} more calls failed since this was last told", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::client::breaker::Breaker;

    /// The lines that a store with this name has caused.
    fn lines(name: &str) -> Vec<String> {
        LINES.0.lock().unwrap().iter().filter(|line| line.starts_with(name)).cloned().collect()
    }

    struct Lines(Mutex<Vec<String>>);

    static LINES: Lines = Lines(Mutex::new(Vec::new()));

    impl log::Log for Lines {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            self.0.lock().unwrap().push(record.args().to_string());
        }

        fn flush(&self) {}
    }

    fn capture() {
        if log::set_logger(&LINES).is_ok() {
            log::set_max_level(log::LevelFilter::Warn);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_a_line_at_its_begin_one_per_interval_and_one_at_its_end() {
        capture();
        let name = "the store of a long outage";
        let breaker = Breaker::new(name, 5);
        let began = Instant::now();
        let mut requests = 0;
        while began.elapsed() < LINE_EVERY * 2 {
            if breaker.admit().is_ok() {
                breaker.note(Some(&StoreError::unavailable("connection refused")));
            }
            requests += 1;
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!((requests, lines(name).len()), (600, 2), "{:#?}", lines(name));
        assert!(lines(name)[0].contains("connection refused"));
        assert!(lines(name)[1].contains("304 calls"), "{:#?}", lines(name));
        tokio::time::advance(TRIAL).await;
        breaker.admit().unwrap();
        breaker.note(None);
        assert_eq!(lines(name).len(), 3);
        assert!(lines(name)[2].contains("works again"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_every_other_call_is_told_of_once_per_interval() {
        capture();
        let name = "the store that comes and goes";
        let breaker = Breaker::new(name, 5);
        for _ in 0..100 {
            breaker.note(Some(&StoreError::unavailable("now and then")));
            breaker.note(None);
        }
        assert_eq!(lines(name).len(), 2, "{:#?}", lines(name));
    }

    const TRIAL: Duration = Duration::from_secs(1);
}
