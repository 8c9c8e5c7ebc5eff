//! Dates as HTTP writes them (W14): `Thu, 01 Jan 1970 00:00:00 GMT`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// 9999-12-31 23:59:59 UTC: the year has four digits.
const LAST_SECOND: u64 = 253_402_300_799;

/// A time in whole seconds. Before 1970 counts as 1970, after 9999 as the end of 9999: for a cookie,
/// both mean what the true date would.
#[derive(Clone, Copy)]
pub(super) struct HttpDate(u64);

impl HttpDate {
    pub(super) fn of(time: SystemTime) -> Self {
        HttpDate(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub(super) fn plus(self, seconds: u64) -> Self {
        HttpDate(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = i64::try_from(self.0.min(LAST_SECOND)).unwrap_or_default();
        let date = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute, second) = date.to_hms();
        let (weekday, day, month, year) = (date.weekday(), date.day(), date.month(), date.year());
        write!(f, "{weekday:.3}, {day:02} {month:.3} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> String {
        HttpDate(seconds).to_string()
    }

    #[test]
    fn every_weekday_and_month_has_its_three_letters() {
        let days: Vec<_> = (0..7).map(|day| at(day * 86_400)[..3].to_owned()).collect();
        assert_eq!(days, ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]);
        let months: Vec<_> = (0..12).map(|month| at(month * 2_629_800 + 86_400)[8..11].to_owned()).collect();
        let expected = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        assert_eq!(months, expected);
    }

    #[test]
    fn times_outside_the_calendar_count_as_its_ends() {
        assert_eq!(HttpDate::of(UNIX_EPOCH - Duration::from_millis(1)).to_string(), at(0));
        assert_eq!(at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(at(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(HttpDate(u64::MAX).plus(1).to_string(), at(u64::MAX));
    }
}
