//! Times as the formats write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Date, Month, Time};

/// 9999-12-31 23:59:59 UTC, where Python's calendar ends and years get a fifth digit.
pub(super) const LAST_SECOND: i64 = 253_402_300_799;

/// Whole seconds since 1970, rounded down.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            if before.subsec_nanos() == 0 { -whole } else { -whole - 1 }
        }
    }
}

/// `time + duration`, or the latest time there is.
pub(crate) fn later(time: SystemTime, duration: Duration) -> SystemTime {
    time.checked_add(duration).unwrap_or(time)
}

/// Seconds since 1970 of a date and a time of day in UTC, if there is such a date.
pub(super) fn seconds_of(year: u32, month: u32, day: u32, [hour, minute, second]: [u32; 3]) -> Option<i64> {
    let byte = |number: u32| u8::try_from(number).ok();
    let month = Month::try_from(byte(month)?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, byte(day)?).ok()?;
    let time = Time::from_hms(byte(hour)?, byte(minute)?, byte(second)?).ok()?;
    Some(date.with_time(time).assume_utc().unix_timestamp())
}
