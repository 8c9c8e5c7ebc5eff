//! Points in time as Flask-Session writes them.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use crate::formats::value::DateTime;

/// The last moment that Python can express; later ones are written as this one.
const LAST: &str = "9999-12-31 23:59:59.999999";

/// Writes `YYYY-MM-DD HH:MM:SS.ffffff` in UTC without a zone, cut to microseconds: SQLite keeps it as it is, the others
/// understand it.
pub(super) fn text(moment: SystemTime) -> String {
    let since_1970 = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(seconds) else { return LAST.to_owned() };
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = moment.to_hms();
    let micros = since_1970.subsec_micros();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}", u8::from(month))
}

/// Writes the moment that is `span` later.
pub(super) fn text_after(moment: SystemTime, span: Duration) -> String {
    moment.checked_add(span).map_or_else(|| LAST.to_owned(), text)
}

/// Reads what [`text`] and the databases write. The last moment of all is no end.
pub(super) fn moment(text: &str) -> Option<SystemTime> {
    if text == LAST {
        return None;
    }
    text.parse::<DateTime>().ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_cut_to_microseconds_and_ends_where_python_ends() {
        let at = |seconds, nanos| text(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos));
        assert_eq!(at(1_704_164_645, 678_901_999), "2024-01-02 03:04:05.678901");
        assert_eq!(at(0, 0), "1970-01-01 00:00:00.000000");
        assert_eq!(at(253_402_300_799, 999_999_999), LAST);
        assert_eq!(at(253_402_300_800, 0), LAST);
        assert_eq!(text_after(SystemTime::now(), Duration::MAX), LAST);
        assert_eq!(text(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01 00:00:00.000000");
    }
}
