//! The clock of a test.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that moves only when it is told to. Clones are the same clock.
#[derive(Clone)]
pub(super) struct TestClock(Arc<Mutex<SystemTime>>);

impl TestClock {
    /// A clock that shows the current second.
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        TestClock(Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(now.as_secs()))))
    }

    pub(super) fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock on. `None` if it can't show that time.
    pub(super) fn advance(&self, time: Duration) -> Option<()> {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(time)?;
        Some(())
    }
}

/// This many minutes.
///
/// ```
/// # use std::time::Duration;
/// use rocket_session_state::testing::minutes;
///
/// assert_eq!(minutes(31), Duration::from_secs(1_860));
/// ```
pub const fn minutes(number: u32) -> Duration {
    Duration::from_secs(number as u64 * 60)
}

/// This many hours.
///
/// ```
/// use rocket_session_state::testing::{hours, minutes};
///
/// assert_eq!(hours(2), minutes(120));
/// ```
pub const fn hours(number: u32) -> Duration {
    Duration::from_secs(number as u64 * 3_600)
}

/// This many days of 24 hours.
///
/// ```
/// use rocket_session_state::testing::{days, hours};
///
/// assert_eq!(days(31), hours(744));
/// ```
pub const fn days(number: u32) -> Duration {
    Duration::from_secs(number as u64 * 86_400)
}
