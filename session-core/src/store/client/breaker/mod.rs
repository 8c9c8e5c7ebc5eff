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
/// A part whose calls go through, and of which none was answered yet, is pinged once in so many turns.
const SELDOM: u32 = 10;

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

    /// Pings the store in a task until it answers, unless one does already; a part, until it has answered a call or has no
    /// keys any more.
    fn ping_until_back(self: &Arc<Self>, now: SystemTime) {
        if self.is_pinged.swap(true, Relaxed) {
            return;
        }
        let (pinging, began) = (Pinging(Arc::downgrade(self)), Instant::now());
        tokio::spawn(async move {
            for turn in 1_u32.. {
                sleep(PING_EVERY).await;
                // Without an owner, nobody wants to know any more.
                let Some(breaker) = pinging.0.upgrade() else { return };
                let is_closed = breaker.is_closed(Work::Load) && breaker.is_closed(Work::Write);
                if is_closed && (breaker.part.is_none() || !breaker.is_in_outage.load(Relaxed)) {
                    return;
                }
                if !is_closed || turn.is_multiple_of(SELDOM) {
                    breaker.ping(now + began.elapsed()).await;
                }
            }
        });
    }

    /// Asks whether the store is there, and lets calls through again if it is.
    async fn ping(&self, now: SystemTime) {
        let deadline = Instant::now() + self.patience;
        let (store, call) = (self.store.boxed(), Call { now, deadline });
        let has_keys = match &self.part {
            None => with_deadline(deadline, store.ping(call)).await.map(|()| true),
            Some(part) => with_deadline(deadline, store.ping_part(call, part)).await,
        };
        match has_keys {
            Err(error) if error.is_outage() => {
                self.log.lasts(&error.at_part(self.part.as_ref()).at_store(&self.store));
            }
            answer => {
                self.loads.failures.store(0, Relaxed);
                self.writes.failures.store(0, Relaxed);
                // No call will be answered by it.
                if let Ok(false) = answer {
                    self.works(Work::Load, now);
                    self.works(Work::Write, now);
                }
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
pub(super) mod tests;
