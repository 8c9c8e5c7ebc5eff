//! A circuit breaker: a store that is away costs microseconds, not a timeout for each request.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::outage::Outage;
use super::outage_log::OutageLog;
use super::wait::with_deadline;
use crate::store::{Call, DynStore, Part, StoreError};

/// Opens after some failures in a row, for loads or for writes. From then on one task asks with pings whether the store
/// is back, and no request does.
///
/// It measures the store. An answer is a sign of life, also if it refuses a request for what that request wants. So
/// is, for a call that waited in vain, an answer to any other call meanwhile.
///
/// Clones are the same breaker.
#[derive(Clone)]
pub(crate) struct Breaker(Arc<Shared>);

/// The kinds of calls that are counted apart: a store that takes no writes may still serve loads.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    Load,
    Write,
}

#[cfg(feature = "metrics")]
impl Work {
    pub(super) fn name(self) -> &'static str {
        match self {
            Work::Load => "load",
            Work::Write => "write",
        }
    }
}

struct Shared {
    store: DynStore,
    /// The part of the store that is measured; the whole, if there is none.
    part: Option<Part>,
    /// The time that a ping may take.
    patience: Duration,
    threshold: u32,
    loads: Count,
    writes: Count,
    began: Instant,
    /// The time of the last answer to any call, in nanoseconds since `began`.
    answered: AtomicU64,
    is_pinged: AtomicBool,
    log: OutageLog,
    outage: Arc<Outage>,
    /// This breaker has begun the outage, or joined in, and has not left it yet.
    is_in_outage: AtomicBool,
}

#[derive(Default)]
struct Count {
    /// Failures in a row, or since a ping was answered.
    failures: AtomicU32,
    /// Set from a failure to the next call of this kind that is answered.
    fails: AtomicBool,
}

const PING_EVERY: Duration = Duration::from_millis(500);

impl Breaker {
    /// `name` names the store in the log. `threshold` is at least 1. `patience` is the time that a ping may take.
    pub(crate) fn new(name: &'static str, threshold: u32, store: DynStore, patience: Duration) -> Self {
        Self::of_part(None, name, threshold, store, patience, Arc::default())
    }

    /// The same for a part of the store, whose outage may be one with those of others.
    pub(super) fn of_part(
        part: Option<Part>,
        name: &'static str,
        threshold: u32,
        store: DynStore,
        patience: Duration,
        outage: Arc<Outage>,
    ) -> Self {
        let log = OutageLog::new(name, part.as_ref().map(Part::name));
        Breaker(Arc::new(Shared {
            store,
            part,
            patience,
            threshold,
            loads: Count::default(),
            writes: Count::default(),
            began: Instant::now(),
            answered: AtomicU64::new(0),
            is_pinged: AtomicBool::new(false),
            log,
            outage,
            is_in_outage: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_closed(&self, work: Work) -> bool {
        self.0.is_closed(work)
    }

    /// Tells whether what it measures has failed and was not seen to work since.
    pub(super) fn is_in_outage(&self) -> bool {
        self.0.is_in_outage.load(Relaxed)
    }

    /// Lets a call through, or refuses it at once. `now` is the call's time.
    pub(crate) fn admit(&self, work: Work, now: SystemTime) -> Result<(), StoreError> {
        if self.is_closed(work) {
            return Ok(());
        }
        self.0.log.refused_at_once();
        // The runtime of the task that pinged may have ended.
        self.0.ping_until_back(now);
        let refused = StoreError::unavailable("it failed repeatedly and is not tried again yet");
        Err(refused.before_writing())
    }

    /// Notes how an admitted call ended, and from when to when it was waited for.
    pub(crate) fn note(&self, work: Work, time: Range<Instant>, now: SystemTime, error: Option<&StoreError>) {
        let shared = &*self.0;
        match error {
            // The store had no part in it.
            Some(error) if error.is_elsewhere() => {}
            Some(error) if error.is_out_of_time() => self.out_of_time(error),
            Some(error) if error.is_timeout() && shared.has_answered_since(time.start) => {
                self.out_of_time(error)
            }
            Some(error) if error.is_outage() => {
                let count = shared.count(work);
                // Before the failure is noted: the next answer finds both, and tells of the end.
                if !shared.is_in_outage.swap(true, Relaxed) {
                    shared.outage.begin(now);
                }
                count.fails.store(true, Relaxed);
                let failures = count.failures.fetch_add(1, Relaxed).saturating_add(1);
                shared.log.failed(error, failures >= shared.threshold);
                // To a part that fails nothing may ever be sent again, since its keys are elsewhere: a ping finds that.
                if failures >= shared.threshold || shared.part.is_some() {
                    self.0.ping_until_back(now);
                }
            }
            error => {
                shared.answered.store(shared.nanos(time.end), Relaxed);
                if let Some(error) = error.filter(|error| error.is_refusal()) {
                    shared.log.refused(error);
                }
                shared.works(work, now);
            }
        }
    }

    /// Notes that a call was answered elsewhere in the store: what was noted before parts were known is over.
    pub(super) fn answered_elsewhere(&self, work: Work, now: SystemTime) {
        self.0.works(work, now);
    }

    /// Notes that a request's own time is up, which says nothing about the store.
    pub(super) fn out_of_time(&self, error: &StoreError) {
        self.0.log.out_of_time(error);
    }
}

impl Shared {
    fn count(&self, work: Work) -> &Count {
        match work {
            Work::Load => &self.loads,
            Work::Write => &self.writes,
        }
    }

    fn is_closed(&self, work: Work) -> bool {
        self.count(work).failures.load(Relaxed) < self.threshold
    }

    fn nanos(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }

    fn has_answered_since(&self, began: Instant) -> bool {
        self.answered.load(Relaxed) > self.nanos(began)
    }

    /// Notes that a call of this kind was answered.
    fn works(&self, work: Work, now: SystemTime) {
        let count = self.count(work);
        // In most requests this is all.
        if !count.fails.load(Relaxed) {
            return;
        }
        count.failures.store(0, Relaxed);
        let failed = count.fails.swap(false, Relaxed);
        if failed && ![&self.loads, &self.writes].iter().any(|count| count.fails.load(Relaxed)) {
            self.log.over();
            if self.is_in_outage.swap(false, Relaxed) {
                self.outage.end(now);
            }
        }
    }

    /// Pings the store in a task until it answers, unless one does already.
    fn ping_until_back(self: &Arc<Self>, now: SystemTime) {
        if self.is_pinged.swap(true, Relaxed) {
            return;
        }
        let (pinging, began) = (Pinging(Arc::downgrade(self)), Instant::now());
        tokio::spawn(async move {
            loop {
                sleep(PING_EVERY).await;
                // Without an owner, nobody wants to know any more.
                let Some(breaker) = pinging.0.upgrade() else { return };
                if breaker.ping(now + began.elapsed()).await {
                    return;
                }
            }
        });
    }

    /// Returns whether the store is there.
    async fn ping(&self, now: SystemTime) -> bool {
        let is_closed = self.is_closed(Work::Load) && self.is_closed(Work::Write);
        if is_closed && (self.part.is_none() || !self.is_in_outage.load(Relaxed)) {
            return true;
        }
        let deadline = Instant::now() + self.patience;
        let (store, call) = (self.store.boxed(), Call { now, deadline });
        let pinged = match &self.part {
            None => store.ping(call),
            Some(part) => store.ping_part(call, part),
        };
        match with_deadline(deadline, pinged).await {
            Err(error) if error.is_outage() => {
                self.log.lasts(&error.at_part(self.part.as_ref()).at_store(&self.store));
                false
            }
            _ => {
                self.loads.failures.store(0, Relaxed);
                self.writes.failures.store(0, Relaxed);
                if self.part.is_some() {
                    self.works(Work::Load, now);
                    self.works(Work::Write, now);
                }
                true
            }
        }
    }
}

/// The duty to ping, which ends with its task.
struct Pinging(Weak<Shared>);

impl Drop for Pinging {
    fn drop(&mut self) {
        if let Some(breaker) = self.0.upgrade() {
            breaker.is_pinged.store(false, Relaxed);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::store::{Loaded, New, Store, Swap};

    /// A store of which only the pings count.
    #[derive(Default)]
    pub(crate) struct Away {
        lasts: AtomicBool,
        pings: AtomicU32,
        deadlines: Mutex<Vec<Duration>>,
    }

    impl Away {
        pub(crate) fn begin(&self) {
            self.lasts.store(true, Relaxed);
        }

        pub(crate) fn end(&self) {
            self.lasts.store(false, Relaxed);
        }
    }

    impl Store for Away {
        async fn load(&self, _: Call, _: &str, _: Option<Duration>) -> Result<Option<Loaded>, StoreError> {
            Ok(None)
        }

        async fn swap(
            &self,
            _: Call,
            _: &str,
            _: Option<&Loaded>,
            _: Option<New<'_>>,
        ) -> Result<Swap, StoreError> {
            Ok(Swap::Done { version: None })
        }

        async fn delete(&self, _: Call, _: &str) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn ping(&self, call: Call) -> Result<(), StoreError> {
            self.pings.fetch_add(1, Relaxed);
            self.deadlines.lock().unwrap().push(call.deadline - Instant::now());
            if self.lasts.load(Relaxed) { Err(StoreError::unavailable("away")) } else { Ok(()) }
        }
    }

    pub(crate) fn breaker(name: &'static str, threshold: u32) -> (Arc<Away>, Breaker) {
        let outage = Arc::new(Away::default());
        let store = DynStore::new(Arc::clone(&outage));
        (outage, Breaker::new(name, threshold, store, Duration::from_secs(3)))
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn note(breaker: &Breaker, work: Work, began: Instant, error: StoreError) {
        breaker.note(work, began..Instant::now(), now(), Some(&error));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_and_answers_that_are_none_never_open_it() {
        let (_, breaker) = breaker("refusing", 2);
        for _ in 0..100 {
            note(&breaker, Work::Load, Instant::now(), StoreError::refused("WRONGTYPE"));
            note(&breaker, Work::Write, Instant::now(), StoreError::too_large(2, 1));
            note(&breaker, Work::Load, Instant::now(), StoreError::invalid_response("a string"));
        }
        assert!(breaker.admit(Work::Load, now()).is_ok() && breaker.admit(Work::Write, now()).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn loads_and_writes_are_counted_apart() {
        let (outage, breaker) = breaker("half", 3);
        outage.begin();
        for _ in 0..3 {
            note(&breaker, Work::Write, Instant::now(), StoreError::unavailable("cut"));
        }
        assert!(breaker.admit(Work::Write, now()).is_err());
        assert!(breaker.admit(Work::Load, now()).is_ok());
        breaker.note(Work::Load, Instant::now()..Instant::now(), now(), None);
        assert!(breaker.admit(Work::Write, now()).is_err(), "a load says nothing about writes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_counts_unless_another_call_was_answered_meanwhile() {
        let (_, breaker) = breaker("slow", 2);
        for _ in 0..20 {
            let began = Instant::now();
            sleep(Duration::from_millis(10)).await;
            breaker.note(Work::Write, began..Instant::now(), now(), None);
            note(&breaker, Work::Load, began, StoreError::timeout());
        }
        assert!(breaker.admit(Work::Load, now()).is_ok());
        for _ in 0..2 {
            let began = Instant::now();
            sleep(Duration::from_millis(10)).await;
            note(&breaker, Work::Load, began, StoreError::timeout());
        }
        assert!(breaker.admit(Work::Load, now()).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn while_it_is_open_one_task_pings_and_no_request_does() {
        let (outage, breaker) = breaker("pinged", 1);
        outage.begin();
        note(&breaker, Work::Load, Instant::now(), StoreError::unavailable("away"));
        note(&breaker, Work::Write, Instant::now(), StoreError::unavailable("away"));
        for _ in 0..100 {
            for work in [Work::Load, Work::Write] {
                assert!(breaker.admit(work, now()).is_err());
            }
            sleep(Duration::from_millis(50)).await;
        }
        let pings = outage.pings.load(Relaxed);
        assert!((9..=10).contains(&pings), "{pings}");
        assert_eq!(outage.deadlines.lock().unwrap()[0], Duration::from_secs(3));
        outage.end();
        sleep(PING_EVERY).await;
        assert!(breaker.admit(Work::Load, now()).is_ok() && breaker.admit(Work::Write, now()).is_ok());
        let pings = outage.pings.load(Relaxed);
        sleep(PING_EVERY * 10).await;
        assert_eq!(outage.pings.load(Relaxed), pings, "it is not pinged any more");
    }

    #[test]
    fn another_runtime_goes_on_pinging_when_the_first_one_has_ended() {
        let (outage, breaker) = breaker("of two runtimes", 1);
        let runtime = || {
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
        };
        let away = || StoreError::unavailable("away");
        runtime().block_on(async { note(&breaker, Work::Load, Instant::now(), away()) });
        runtime().block_on(async {
            assert!(breaker.admit(Work::Load, now()).is_err());
            sleep(PING_EVERY * 2).await;
            assert!(breaker.admit(Work::Load, now()).is_ok());
        });
        assert_eq!(outage.pings.load(Relaxed), 1);
    }
}
