//! The size and the life of memcached's items.

use std::time::{Duration, SystemTime};

use crate::formats::time::unix_seconds;

/// The size of items if the server does not tell another.
pub(super) const DEFAULT_LIMIT: usize = 1024 * 1024;

/// Longer lives are given as the moment at which they end.
const LONGEST_RELATIVE: u32 = 30 * 24 * 60 * 60;

/// The greatest moment that the server's protocol takes.
const LAST_MOMENT: i64 = i32::MAX as i64;

/// Writes a life of `lifetime` from `now` on as the protocol does: in whole seconds, at least one, or as the unix
/// time of its end.
pub(super) fn expiry(now: SystemTime, lifetime: Duration) -> u32 {
    // Zero would be for ever.
    let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX).max(1);
    if seconds <= LONGEST_RELATIVE {
        return seconds;
    }
    let end = unix_seconds(now).saturating_add(i64::from(seconds)).min(LAST_MOMENT);
    // Before 1970 plus 30 days there are no moments, only lives.
    u32::try_from(end).unwrap_or(0).max(LONGEST_RELATIVE)
}

/// Writes a life that ends at `end` as the protocol does, to the nearest second: the server counts in ticks of a second,
/// and a life that is written again and again must not become shorter by what is cut off. `None` is for ever.
pub(super) fn expiry_at(now: SystemTime, end: Option<SystemTime>) -> u32 {
    let Some(end) = end else { return 0 };
    let left = end.duration_since(now).unwrap_or_default();
    expiry(now, left.saturating_add(Duration::from_millis(500)))
}

/// Returns the bytes that are left for the record in an item of `limit` bytes: each has a header, its cas number, the
/// key with a zero byte and a line end after the record.
pub(super) fn room_for_record(limit: usize, key: &str) -> usize {
    limit.saturating_sub(48 + 8 + key.len() + 1 + 2)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const NOW: u64 = 1_704_164_645;

    fn expiry_in(seconds: u64) -> u32 {
        expiry(UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 678), Duration::from_secs(seconds))
    }

    #[test]
    fn more_than_thirty_days_are_a_moment_and_no_life_is_for_ever() {
        assert_eq!(expiry_in(0), 1);
        assert_eq!(expiry_in(2_592_000), 2_592_000);
        assert_eq!(expiry_in(2_592_001), 1_704_164_645 + 2_592_001);
        assert_eq!(expiry(UNIX_EPOCH + Duration::from_secs(NOW), Duration::from_millis(1_900)), 1);
    }

    #[test]
    fn a_life_that_is_written_again_and_again_stays_the_same() {
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        let left = |millis| expiry_at(now, Some(now + Duration::from_millis(millis)));
        assert_eq!((left(99_980), left(100_000), left(100_020)), (100, 100, 100));
        assert_eq!((left(0), expiry_at(now, Some(UNIX_EPOCH)), expiry_at(now, None)), (1, 1, 0));
    }

    #[test]
    fn no_moment_is_later_than_the_protocol_can_say() {
        assert_eq!(expiry_in(3_153_600_000), 2_147_483_647);
        assert_eq!(expiry_in(u64::MAX), 2_147_483_647);
    }
}
