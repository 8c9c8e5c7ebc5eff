//! Waiting: until a deadline, or for a random time so that competitors do not meet again.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::store::StoreError;

/// Waits for an answer until `deadline`; then drops its future and gives a timeout.
pub(crate) async fn with_deadline<T>(
    deadline: Instant,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(StoreError::timeout()))
}

/// Returns the moment at which half of the time until `deadline` is over, so that the other half is left for what
/// follows.
pub(crate) fn halfway(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / 2
}

/// Returns a random duration of at most `longest`.
pub(crate) fn jitter(longest: Duration) -> Duration {
    longest.mul_f64(random_share())
}

/// Returns how long to wait after so many failures in a row: at first, and in the end at the most. Half of it is chance, so
/// that many processes do not come at once.
#[cfg(feature = "redis")]
pub(crate) fn backoff((first, longest): (Duration, Duration), failures: u32) -> Duration {
    let longest = first.saturating_mul(2_u32.saturating_pow(failures)).min(longest);
    longest / 2 + jitter(longest / 2)
}

/// Returns a random number from 0 to 1.
pub(crate) fn random_share() -> f64 {
    let mut random = [0; 4];
    // Without random bytes everybody waits equally long: worse, but right.
    if getrandom::fill(&mut random).is_err() {
        return 1.0;
    }
    f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)
}
