//! A store that fails on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::held::{Held, Stop};
use rocket_session_state_core::store::{Call, Loaded, New, OpenTo, Store, StoreError, Swap, Watcher};

/// Wraps a store, counts the calls to it, makes them fail on demand, and stops them at a point until
/// a test lets them go on.
///
/// ```
/// # mod rocket_session_state { pub mod store { pub use {rocket_session_state_conformance as conformance, rocket_session_state_core::store::*}; } }
/// use rocket_session_state::store::conformance::{Fault, Faulty};
/// use rocket_session_state::store::MemoryStore;
///
/// let store = Faulty::new(MemoryStore::new(10));
/// store.from_now_on(Fault::Fail);
/// assert_eq!(store.calls(), 0);
/// ```
///
/// [`hold`](Faulty::hold) makes races deterministic, without a sleep:
///
/// ```
/// # mod rocket_session_state { pub mod store { pub use {rocket_session_state_conformance as conformance, rocket_session_state_core::store::*}; } }
/// use rocket_session_state::store::MemoryStore;
/// use rocket_session_state::store::conformance::{Faulty, HoldPoint, Operation};
/// # use rocket_session_state_core::store::{Call, New, Store, Swap};
/// # use std::{sync::Arc, time::{Duration, SystemTime}};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let call = Call { now: SystemTime::now(), deadline: tokio::time::Instant::now() + Duration::from_secs(9) };
/// # let new = |bytes| Some(New { bytes, lifetime: Some(Duration::from_secs(60)) });
///
/// let store = Arc::new(Faulty::new(MemoryStore::new(10)));
/// let mut late = store.hold(Operation::Swap, HoldPoint::Before);
/// let writer = tokio::spawn({
///     let store = Arc::clone(&store);
///     async move { store.swap(call, "k", None, new(b"late")).await }
/// });
/// late.reached().await.unwrap();
/// // The writer is blocked right before its swap; whatever is done here is faster.
/// store.swap(call, "k", None, new(b"early")).await.unwrap();
/// late.release();
/// assert!(matches!(writer.await.unwrap(), Ok(Swap::Conflict(Some(_)))));
/// # }
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    calls: AtomicUsize,
    plan: Mutex<Plan>,
}

/// A fault that calls meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// They are passed on.
    #[default]
    None,
    /// They fail and do nothing, and [say so](StoreError::wrote_nothing).
    Fail,
    /// They do nothing and never answer.
    Hang,
    /// Loads work, everything that writes fails and does nothing, and [says so](StoreError::wrote_nothing).
    FailWrites,
    /// They are passed on after this time.
    Delay(Duration),
    /// They are carried out, and then fail: the connection was cut before the answer came.
    LoseAnswer,
    /// They are carried out, and never answer.
    KeepAnswer,
    /// They are carried out twice; the answer is the first one's.
    Twice,
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// [`Store::load`].
    Load,
    /// [`Store::swap`].
    Swap,
    /// [`Store::delete`].
    Delete,
    /// [`Store::purge`].
    Purge,
}

/// The point at which a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldPoint {
    /// It has done nothing yet.
    Before,
    /// It is done, and its answer is on the way.
    After,
}

#[derive(Debug, Default)]
struct Plan {
    lasting: Fault,
    /// The faults of the next calls of these kinds, in this order.
    next: Vec<(Operation, Fault)>,
    stops: Vec<(Operation, HoldPoint, Stop)>,
}

impl<S: Store> Faulty<S> {
    /// A wrapper that passes everything on until told otherwise.
    pub fn new(inner: S) -> Self {
        Faulty { inner, calls: AtomicUsize::new(0), plan: Mutex::default() }
    }

    /// The number of calls since this was asked last, pings and purges excepted.
    pub fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// Sets what happens to calls that begin from here on.
    pub fn from_now_on(&self, fault: Fault) {
        self.plan(|plan| plan.lasting = fault);
    }

    /// Sets what happens to one call: the next one of this kind that has no fault of its own yet.
    pub fn next(&self, operation: Operation, fault: Fault) {
        self.plan(|plan| plan.next.push((operation, fault)));
    }

    /// Stops one call: the next one of this kind that is not held yet.
    pub fn hold(&self, operation: Operation, point: HoldPoint) -> Held {
        let (stop, held) = super::held::pair();
        self.plan(|plan| plan.stops.push((operation, point, stop)));
        held
    }

    fn plan<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn meet<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        operation: Operation,
        call: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        if operation != Operation::Purge {
            self.calls.fetch_add(1, Ordering::SeqCst);
        }
        let (fault, stop) = self.plan(|plan| plan.begin(operation));
        let (before, after) = match stop {
            Some((HoldPoint::Before, stop)) => (Some(stop), None),
            Some((HoldPoint::After, stop)) => (None, Some(stop)),
            None => (None, None),
        };
        if let Some(stop) = before {
            stop.block().await;
        }
        match fault {
            Fault::Fail => return Err(injected().before_writing()),
            Fault::FailWrites if operation != Operation::Load => return Err(injected().before_writing()),
            Fault::Hang => std::future::pending().await,
            Fault::Delay(time) => tokio::time::sleep(time).await,
            _ => {}
        }
        let answer = call().await;
        if fault == Fault::Twice {
            call().await?;
        }
        if let Some(stop) = after {
            stop.block().await;
        }
        match fault {
            Fault::LoseAnswer => Err(injected()),
            Fault::KeepAnswer => std::future::pending().await,
            _ => answer,
        }
    }
}

impl Plan {
    fn begin(&mut self, operation: Operation) -> (Fault, Option<(HoldPoint, Stop)>) {
        let fault = match self.next.iter().position(|(of, _)| *of == operation) {
            Some(place) => self.next.remove(place).1,
            None => self.lasting,
        };
        let stop = self.stops.iter().position(|(of, _, _)| *of == operation).map(|place| {
            let (_, point, stop) = self.stops.remove(place);
            (point, stop)
        });
        (fault, stop)
    }
}

fn injected() -> StoreError {
    StoreError::unavailable("a fault that a test has set")
}

impl<S: Store> Store for Faulty<S> {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.meet(Operation::Load, move || self.inner.load(call, key, touch)).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.meet(Operation::Swap, move || self.inner.swap(call, key, expected, new)).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.meet(Operation::Delete, move || self.inner.delete(call, key)).await
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        self.meet(Operation::Purge, move || self.inner.purge(call)).await
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.inner.ping(call).await
    }

    fn watch(&self, key: &str, watcher: Watcher) {
        self.inner.watch(key, watcher);
    }

    fn address(&self) -> Option<String> {
        self.inner.address()
    }

    fn open_to_others(&self) -> Option<OpenTo> {
        self.inner.open_to_others()
    }
}
