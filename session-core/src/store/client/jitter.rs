//! Waits of random length, so that competitors do not meet again.

use std::time::Duration;

/// A random duration of at most `longest`.
pub(crate) fn jitter(longest: Duration) -> Duration {
    longest.mul_f64(share())
}

/// A random number from 0 to 1.
pub(crate) fn share() -> f64 {
    let mut random = [0; 4];
    // Without random bytes everybody waits equally long: worse, but right.
    if getrandom::fill(&mut random).is_err() {
        return 1.0;
    }
    f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)
}
