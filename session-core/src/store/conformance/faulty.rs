//! A store that does what stores do on bad days.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::store::{Call, Loaded, New, Store, StoreError, StoreFuture, Swap, Touch};

/// Wraps a store, counts the calls to it, and makes them fail on demand.
///
/// ```
/// use session_core::store::conformance::{Fault, Faulty};
/// use session_core::store::MemoryStore;
///
/// let store = Faulty::new(MemoryStore::new(10));
/// store.from_now_on(Fault::Fail);
/// assert_eq!(store.calls(), 0);
/// ```
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    calls: AtomicUsize,
    fault: Mutex<Fault>,
}

/// What happens to calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// They are passed on.
    #[default]
    None,
    /// They fail and do nothing.
    Fail,
    /// They do nothing and never answer.
    Hang,
    /// Loads work, everything that writes fails and does nothing.
    FailWrites,
}

impl<S: Store> Faulty<S> {
    /// A wrapper that passes everything on until told otherwise.
    pub fn new(inner: S) -> Self {
        Faulty { inner, calls: AtomicUsize::new(0), fault: Mutex::default() }
    }

    /// The number of calls since this was asked last, pings and purges excepted.
    pub fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    /// Sets what happens to calls that begin from here on.
    pub fn from_now_on(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    async fn meet(&self, writes: bool) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Fault::None => Ok(()),
            Fault::FailWrites if !writes => Ok(()),
            Fault::Fail | Fault::FailWrites => Err(StoreError::unavailable("a fault that a test has set")),
            Fault::Hang => std::future::pending().await,
        }
    }
}

impl<S: Store> Store for Faulty<S> {
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move {
            self.meet(false).await?;
            self.inner.load(call, key, touch).await
        })
    }

    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            self.meet(true).await?;
            self.inner.swap(call, key, expected, new).await
        })
    }

    fn delete<'a>(&'a self, call: Call, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.meet(true).await?;
            self.inner.delete(call, key).await
        })
    }

    fn purge(&self, call: Call) -> StoreFuture<'_, u64> {
        self.inner.purge(call)
    }

    fn ping(&self, call: Call) -> StoreFuture<'_, ()> {
        self.inner.ping(call)
    }
}
