//! Conversions from and to the types of the crate `chrono`.

use chrono::{FixedOffset, NaiveDateTime, Offset, TimeZone, Utc};

use super::DateTime;

/// Aware, with the offset that its zone has at that time. Outside the years 1 to 9999 the first or last
/// moment within them, and a leap second the last moment of the second before.
impl<Tz: TimeZone> From<chrono::DateTime<Tz>> for DateTime {
    fn from(time: chrono::DateTime<Tz>) -> DateTime {
        let offset = time.offset().fix().local_minus_utc();
        DateTime::nearest(time.timestamp(), time.timestamp_subsec_nanos(), Some(offset))
    }
}

/// Naive, otherwise as an aware one.
impl From<NaiveDateTime> for DateTime {
    fn from(time: NaiveDateTime) -> DateTime {
        let wall = time.and_utc();
        DateTime::nearest(wall.timestamp(), wall.timestamp_subsec_nanos(), None)
    }
}

/// The instant; a naive time counts as UTC, as in Flask's cookies.
impl From<DateTime> for chrono::DateTime<Utc> {
    fn from(time: DateTime) -> chrono::DateTime<Utc> {
        since_1970(time.seconds, time.nanoseconds)
    }
}

/// The instant with its offset; a naive time counts as UTC, as in Flask's cookies.
impl From<DateTime> for chrono::DateTime<FixedOffset> {
    fn from(time: DateTime) -> chrono::DateTime<FixedOffset> {
        let utc = since_1970(time.seconds, time.nanoseconds);
        match FixedOffset::east_opt(time.offset.unwrap_or(0)) {
            Some(offset) => utc.with_timezone(&offset),
            None => utc.fixed_offset(),
        }
    }
}

/// The time that its own clock shows. The offset is lost, so this is for times that were stored naive, which come
/// back from a cookie as UTC.
impl From<DateTime> for NaiveDateTime {
    fn from(time: DateTime) -> NaiveDateTime {
        since_1970(time.wall_seconds(), time.nanoseconds).naive_utc()
    }
}

/// Returns the moment: chrono knows every year of a [`DateTime`].
fn since_1970(seconds: i64, nanoseconds: u32) -> chrono::DateTime<Utc> {
    chrono::DateTime::from_timestamp(seconds, nanoseconds).unwrap_or_default()
}
