//! An outage of a store, of which several parts may have a share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::SystemTime;

use super::outage_listener::OutageListener;

/// Tells a listener of an outage: once when the first part of the store fails, and once when the last one works again.
#[derive(Default)]
pub(super) struct Outage {
    listener: Option<Arc<dyn OutageListener>>,
    /// The parts that fail.
    parts: AtomicU32,
}

impl Outage {
    pub(super) fn told_to(listener: Option<Arc<dyn OutageListener>>) -> Self {
        Outage { listener, parts: AtomicU32::new(0) }
    }

    /// Notes that a part fails which has worked.
    pub(super) fn begin(&self, now: SystemTime) {
        if self.parts.fetch_add(1, Relaxed) == 0
            && let Some(listener) = &self.listener
        {
            listener.begins(now);
        }
    }

    /// Notes that a part works which has failed.
    pub(super) fn end(&self, now: SystemTime) {
        if self.parts.fetch_sub(1, Relaxed) == 1
            && let Some(listener) = &self.listener
        {
            listener.is_over(now);
        }
    }
}
