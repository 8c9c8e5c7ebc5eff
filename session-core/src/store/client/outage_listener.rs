//! Who is told of the outages of a store.

use std::time::SystemTime;

/// Is told when a store begins to fail, and when it works again.
pub(crate) trait OutageListener: Send + Sync {
    /// A call has failed after one that was answered.
    fn begins(&self, now: SystemTime);

    /// A call was answered after failures.
    fn is_over(&self, now: SystemTime);
}
