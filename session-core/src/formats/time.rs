//! Times as the formats write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Date, Month, OffsetDateTime, Time};

/// 9999-12-31 23:59:59 UTC, where Python's calendar ends and years get a fifth digit.
pub(super) const LAST_SECOND: i64 = 253_402_300_799;

/// 0001-01-01 00:00:00 UTC, where it begins.
const FIRST_SECOND: i64 = -62_135_596_800;

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

/// A time as logs write it, in UTC and to the second: `2026-11-30T21:30:00Z`. What lies outside of Python's calendar is its
/// first or last second.
pub(crate) fn rfc_3339(time: SystemTime) -> String {
    let second = unix_seconds(time).clamp(FIRST_SECOND, LAST_SECOND);
    let date = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (hour, minute, second) = date.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_for_the_log_is_the_second_in_utc_and_every_time_has_one() {
        let after = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(rfc_3339(UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(rfc_3339(after(1_709_164_799) + Duration::from_millis(999)), "2024-02-28T23:59:59Z");
        assert_eq!(rfc_3339(after(1_709_164_800)), "2024-02-29T00:00:00Z");
        assert_eq!(rfc_3339(UNIX_EPOCH - Duration::from_secs(1)), "1969-12-31T23:59:59Z");
        assert_eq!(rfc_3339(after(300_000_000_000)), "9999-12-31T23:59:59Z");
        assert_eq!(rfc_3339(UNIX_EPOCH - Duration::from_secs(70_000_000_000)), "0001-01-01T00:00:00Z");
    }
}
