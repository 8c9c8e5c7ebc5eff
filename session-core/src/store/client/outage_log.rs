//! The log lines of an outage: one when it begins, one per interval while it lasts, one when it ends.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error_chain::Chain;
use crate::store::StoreError;

/// Writes the failures of one store to the log, instead of a line for each request that met one.
pub(super) struct OutageLog {
    /// The store's name in the log, with that of the part that is meant.
    name: Box<str>,
    /// Set once a line has told of the outage that is not over yet.
    told: AtomicBool,
    failures: Throttled,
    refusals: Throttled,
    out_of_time: Throttled,
}

/// Events that share a line: at most one line per interval.
#[derive(Default)]
struct Throttled {
    last_line: Mutex<Option<Instant>>,
    /// Events since that line.
    untold: AtomicU64,
}

/// The time between two lines about the same store.
const LINE_EVERY: Duration = Duration::from_secs(30);

impl OutageLog {
    pub(super) fn new(name: &str, part: Option<&str>) -> Self {
        let name = match part {
            None => name.into(),
            Some(part) => format!("{name} at {part}").into(),
        };
        let [failures, refusals, out_of_time] = [(); 3].map(|()| Throttled::default());
        OutageLog { name, told: AtomicBool::new(false), failures, refusals, out_of_time }
    }

    /// Counts a call that failed. Tells of it unless a line was written lately; if the breaker `is_open`, which
    /// fails every request, the outage has a line in any case.
    pub(super) fn failed(&self, error: &StoreError, is_open: bool) {
        self.failures.count();
        let begins = is_open && !self.told.swap(true, Ordering::Relaxed);
        self.tell_of_failures(error, if is_open { "is down" } else { "failed" }, begins);
    }

    /// Tells, if a line is due, that the store is still away.
    pub(super) fn lasts(&self, error: &StoreError) {
        self.tell_of_failures(error, "is down", false);
    }

    fn tell_of_failures(&self, error: &StoreError, how: &str, at_once: bool) {
        let Some(failures) = self.failures.tell(at_once) else { return };
        self.told.store(true, Ordering::Relaxed);
        match failures {
            1 => log::error!("{} {how}: {}", self.name, Chain(error)),
            _ => log::error!(
                "{} {how}, {failures} calls since this was last told: {}",
                self.name,
                Chain(error)
            ),
        }
    }

    /// Counts a call that was refused without asking the store.
    pub(super) fn refused_at_once(&self) {
        self.failures.count();
    }

    /// Counts a call that the store refused for what it wanted.
    pub(super) fn refused(&self, error: &StoreError) {
        self.refusals.count();
        match self.refusals.tell(false) {
            None => {}
            Some(1) => log::error!("{} refused a call: {}", self.name, Chain(error)),
            Some(calls) => {
                log::error!("{} refused calls, {calls} since this was last told: {}", self.name, Chain(error))
            }
        }
    }

    /// Notes that the store works again.
    pub(super) fn over(&self) {
        let told = self.told.swap(false, Ordering::Relaxed);
        if (told || self.failures.untold.load(Ordering::Relaxed) > 0)
            && let Some(failures) = self.failures.tell(told)
        {
            log::warn!("{} works again; {failures} more calls failed since this was last told", self.name);
        }
    }

    /// Counts a request that has used up its time, which says nothing about the store.
    pub(super) fn out_of_time(&self, error: &StoreError) {
        self.out_of_time.count();
        if let Some(requests) = self.out_of_time.tell(false) {
            log::error!(
                "requests ran out of time waiting for {} or for one another, {requests} since this was last told: {}",
                self.name,
                Chain(error)
            );
        }
    }
}

impl Throttled {
    fn count(&self) {
        self.untold.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of events to tell of, if a line is due or has to be written `at_once`.
    fn tell(&self, at_once: bool) -> Option<u64> {
        let mut last_line = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if !at_once && last_line.is_some_and(|at| now.duration_since(at) < LINE_EVERY) {
            return None;
        }
        *last_line = Some(now);
        Some(self.untold.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tokio::time::sleep;

    use super::*;
    use crate::store::client::breaker::tests::breaker;
    use crate::store::client::breaker::{Breaker, Work};

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
        // Whoever comes second finds the first one's logger, perhaps before its level is set.
        let _ = log::set_logger(&LINES);
        log::set_max_level(log::LevelFilter::Warn);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_a_line_at_its_begin_one_per_interval_and_one_at_its_end() {
        capture();
        let name = "the store of a long outage";
        let (outage, breaker) = breaker(name, 5);
        let began = Instant::now();
        let mut requests = 0;
        outage.begin();
        while began.elapsed() < LINE_EVERY * 2 {
            request(&breaker, &Err(refused_connection()));
            requests += 1;
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!((requests, lines(name).len()), (600, 2), "{:#?}", lines(name));
        assert!(lines(name)[0].contains("connection refused"));
        assert!(lines(name)[1].contains("304 calls"), "{:#?}", lines(name));
        outage.end();
        sleep(TRIAL).await;
        request(&breaker, &Ok(()));
        assert_eq!(lines(name).len(), 3);
        assert!(lines(name)[2].contains("works again"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_every_other_call_is_told_of_once_per_interval() {
        capture();
        let name = "the store that comes and goes";
        let (_, breaker) = breaker(name, 5);
        for _ in 0..100 {
            request(&breaker, &Err(StoreError::unavailable("now and then")));
            request(&breaker, &Ok(()));
        }
        assert_eq!(lines(name).len(), 2, "{:#?}", lines(name));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_whose_pings_alone_are_answered_is_told_of_once_per_interval() {
        capture();
        let name = "the store that only pings";
        let (_, breaker) = breaker(name, 5);
        let began = Instant::now();
        while began.elapsed() < LINE_EVERY * 2 {
            request(&breaker, &Err(refused_connection()));
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(lines(name).len(), 2, "{:#?}", lines(name));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_that_begins_soon_after_another_has_its_own_lines() {
        capture();
        let name = "the store of two outages";
        let (outage, breaker) = breaker(name, 5);
        request(&breaker, &Err(StoreError::timeout()));
        request(&breaker, &Ok(()));
        sleep(TRIAL * 2).await;
        outage.begin();
        for _ in 0..270 {
            request(&breaker, &Err(refused_connection()));
            sleep(Duration::from_millis(100)).await;
        }
        outage.end();
        sleep(TRIAL).await;
        request(&breaker, &Ok(()));
        let lines = lines(name);
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(lines[0].contains(" failed: ") && lines[1].contains("works again"), "{lines:#?}");
        assert!(lines[2].contains(" is down, 5 calls ") && lines[2].contains("refused"), "{lines:#?}");
        assert!(lines[3].contains("works again; 265 more calls"), "{lines:#?}");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_calls_are_told_of_once_per_interval_and_are_no_outage() {
        capture();
        let name = "the store of refusals";
        let (_, breaker) = breaker(name, 1);
        for _ in 0..300 {
            request(&breaker, &Err(StoreError::refused("WRONGTYPE")));
            sleep(Duration::from_millis(150)).await;
        }
        assert_eq!(lines(name).len(), 2, "{:#?}", lines(name));
        assert!(lines(name)[0].contains("refused a call") && lines(name)[1].contains("refused calls, 200 "));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_out_of_time_are_told_of_by_themselves_and_hide_no_outage() {
        capture();
        let name = "the store of slow requests";
        let (_, breaker) = breaker(name, 1);
        for _ in 0..3 {
            breaker.out_of_time(&StoreError::timeout());
        }
        request(&breaker, &Err(refused_connection()));
        let waited =
            LINES.0.lock().unwrap().iter().filter(|line| line.contains(&format!("for {name}"))).count();
        assert_eq!((waited, lines(name).len()), (1, 1));
        assert!(lines(name)[0].contains("is down: "), "{:#?}", lines(name));
    }

    /// A load that is answered so, if it is made.
    fn request(breaker: &Breaker, answer: &Result<(), StoreError>) {
        let now = SystemTime::now();
        if breaker.admit(Work::Load, now).is_ok() {
            breaker.note(Work::Load, Instant::now()..Instant::now(), now, answer.as_ref().err());
        }
    }

    fn refused_connection() -> StoreError {
        StoreError::unavailable("connection refused")
    }

    const TRIAL: Duration = Duration::from_secs(1);
}
