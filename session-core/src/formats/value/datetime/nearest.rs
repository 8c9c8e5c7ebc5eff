//! Times of other types, as near as Python's `datetime` can come to them.

use std::time::{Duration, SystemTime};

use super::DateTime;
use crate::formats::time::{LAST_SECOND, unix_seconds};

/// 0001-01-01T00:00:00 in seconds since 1970.
const FIRST: i64 = -62_135_596_800;
const LAST_NANOSECOND: u32 = 999_999_999;
/// In seconds; Python takes nothing of a day or more.
const GREATEST_OFFSET: i32 = 86_399;

impl DateTime {
    /// The same instant. Outside the years 1 to 9999, by its own clock and by UTC, the first or last one
    /// within them.
    pub(super) fn nearest(seconds: i64, nanoseconds: u32, offset: Option<i32>) -> DateTime {
        let offset = offset.map(|offset| offset.clamp(-GREATEST_OFFSET, GREATEST_OFFSET));
        let ahead = i64::from(offset.unwrap_or(0));
        let (first, last) = (FIRST.max(FIRST - ahead), LAST_SECOND.min(LAST_SECOND - ahead));
        // A leap second of chrono has more than a billion nanoseconds, and Python no leap seconds.
        let nanoseconds = nanoseconds.min(LAST_NANOSECOND);
        let (seconds, nanoseconds) = if seconds < first {
            (first, 0)
        } else if seconds > last {
            (last, LAST_NANOSECOND)
        } else {
            (seconds, nanoseconds)
        };
        DateTime { seconds, nanoseconds, offset }
    }

    /// The seconds since 1970 that its own clock would have if it told UTC.
    #[cfg(any(feature = "time", feature = "chrono"))]
    pub(super) fn wall_seconds(self) -> i64 {
        self.seconds.saturating_add(self.offset.unwrap_or(0).into())
    }
}

/// In UTC. After the year 9999 it is its last moment, before the year 1 its first.
impl From<SystemTime> for DateTime {
    fn from(time: SystemTime) -> DateTime {
        let nanoseconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.subsec_nanos(),
            Err(error) => (1_000_000_000 - error.duration().subsec_nanos()) % 1_000_000_000,
        };
        DateTime::nearest(unix_seconds(time), nanoseconds, Some(0))
    }
}

/// The instant; a naive time counts as UTC, as in Flask's cookies.
impl From<DateTime> for SystemTime {
    fn from(time: DateTime) -> SystemTime {
        let whole = Duration::from_secs(time.seconds.unsigned_abs());
        let second = if time.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(whole)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(whole)
        };
        let nanoseconds = Duration::from_nanos(time.nanoseconds.into());
        // Only a platform whose clock begins after the year 1 or ends before 9999 has no such moment.
        second.and_then(|second| second.checked_add(nanoseconds)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}
