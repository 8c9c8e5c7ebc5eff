//! Conversions from and to the types of the crate `time`.

use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::DateTime;

/// Aware, with its offset. Outside the years 1 to 9999 the first or last moment within them.
impl From<OffsetDateTime> for DateTime {
    fn from(time: OffsetDateTime) -> DateTime {
        let offset = time.offset().whole_seconds();
        DateTime::nearest(time.unix_timestamp(), time.nanosecond(), Some(offset))
    }
}

/// Naive. Outside the years 1 to 9999 the first or last moment within them.
impl From<PrimitiveDateTime> for DateTime {
    fn from(time: PrimitiveDateTime) -> DateTime {
        let wall = time.assume_utc();
        DateTime::nearest(wall.unix_timestamp(), wall.nanosecond(), None)
    }
}

/// The instant with its offset; a naive time counts as UTC, as in Flask's cookies.
impl From<DateTime> for OffsetDateTime {
    fn from(time: DateTime) -> OffsetDateTime {
        let utc = since_1970(time.seconds, time.nanoseconds);
        let offset = UtcOffset::from_whole_seconds(time.offset.unwrap_or(0)).unwrap_or(UtcOffset::UTC);
        utc.checked_to_offset(offset).unwrap_or(utc)
    }
}

/// The time that its own clock shows. The offset is lost, so this is for times that were stored naive, which come
/// back from a cookie as UTC.
impl From<DateTime> for PrimitiveDateTime {
    fn from(time: DateTime) -> PrimitiveDateTime {
        let wall = since_1970(time.wall_seconds(), time.nanoseconds);
        PrimitiveDateTime::new(wall.date(), wall.time())
    }
}

/// Returns the moment. Within the years of a [`DateTime`] nothing saturates.
fn since_1970(seconds: i64, nanoseconds: u32) -> OffsetDateTime {
    let since = Duration::seconds(seconds).saturating_add(Duration::nanoseconds(nanoseconds.into()));
    OffsetDateTime::UNIX_EPOCH.saturating_add(since)
}
