//! Times of the standard library and of the crates `time` and `chrono`, to Python's `datetime` and back.

use std::time::{Duration, SystemTime};

use rocket_session_state_core::fields::IntoField;
use rocket_session_state_core::value::DateTime;

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn system_times_keep_their_nanoseconds_on_both_sides_of_1970() {
    for (text, seconds, nanoseconds) in [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2024-01-02T03:04:05.000000001Z", 1_704_164_645, 1),
        ("1969-12-31T23:59:59.500000Z", -1, 500_000_000),
        ("1969-12-31T23:59:59Z", -1, 0),
    ] {
        let expected = DateTime::utc(seconds, nanoseconds).unwrap();
        let system = SystemTime::from(expected);
        assert_eq!(DateTime::from(system), expected, "{text}");
        assert_eq!(expected.to_string(), text);
    }
    let before = SystemTime::UNIX_EPOCH - Duration::from_millis(500);
    assert_eq!(DateTime::from(before), time("1969-12-31T23:59:59.5Z"));
}

#[test]
fn a_system_time_that_python_has_no_year_for_is_the_last_moment_of_9999() {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(DateTime::from(far), time("9999-12-31T23:59:59.999999999Z"));
}

#[cfg(feature = "time")]
mod time_crate {
    use ::time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

    use super::*;

    fn wall(year: i32) -> PrimitiveDateTime {
        let date = Date::from_calendar_date(year, Month::January, 2).unwrap();
        PrimitiveDateTime::new(date, Time::from_hms_micro(3, 4, 5, 678_901).unwrap())
    }

    #[test]
    fn offsets_survive() {
        for offset in
            [UtcOffset::UTC, UtcOffset::from_hms(5, 45, 0).unwrap(), UtcOffset::from_hms(-3, -30, 0).unwrap()]
        {
            let before = wall(2024).assume_offset(offset);
            let stored = DateTime::from(before);
            assert_eq!(stored.offset(), Some(offset.whole_seconds()));
            let after = OffsetDateTime::from(stored);
            assert_eq!((after, after.offset()), (before, offset));
        }
        let east = wall(2024).assume_offset(UtcOffset::from_hms(8, 0, 0).unwrap());
        assert_eq!(DateTime::from(east), time("2024-01-02T03:04:05.678901+08:00"));
    }

    #[test]
    fn a_naive_time_survives_records_and_the_utc_that_cookies_make_of_it() {
        let stored = DateTime::from(wall(1960));
        assert_eq!(stored, time("1960-01-02T03:04:05.678901"));
        let from_cookie = time("1960-01-02T03:04:05.678901Z");
        for read in [stored, from_cookie] {
            assert_eq!(PrimitiveDateTime::from(read), wall(1960));
            assert_eq!(OffsetDateTime::from(read), wall(1960).assume_utc());
        }
    }

    #[test]
    fn years_that_python_does_not_have_become_the_nearest_moment() {
        assert_eq!(DateTime::from(wall(-5).assume_utc()), time("0001-01-01T00:00:00Z"));
        assert_eq!(DateTime::from(PrimitiveDateTime::MIN), time("0001-01-01T00:00:00"));
        // The first moment that both this clock and UTC have a year for.
        let west = UtcOffset::from_hms(-1, 0, 0).unwrap();
        let stored = DateTime::from(PrimitiveDateTime::MIN.assume_offset(west));
        assert_eq!(stored, time("0001-01-01T00:00:00-01:00"));
        assert_eq!(DateTime::from(OffsetDateTime::from(stored)), stored);
        let wide = wall(2024).assume_offset(UtcOffset::from_hms(25, 0, 0).unwrap());
        assert_eq!(DateTime::from(wide).offset(), Some(86_399));
        assert_eq!(OffsetDateTime::from(DateTime::from(wide)), wide);
    }

    #[test]
    fn a_setter_takes_them_as_they_are() {
        let taken: Option<DateTime> = OffsetDateTime::UNIX_EPOCH.into_field();
        assert_eq!(taken, DateTime::utc(0, 0));
        let taken: Option<DateTime> = wall(2024).into_field();
        assert_eq!(taken, Some(time("2024-01-02T03:04:05.678901")));
        // With more conversions a bare `None` could stop being inferred.
        assert_eq!(IntoField::<Option<DateTime>>::into_field(None), None);
    }
}

#[cfg(feature = "chrono")]
mod chrono_crate {
    use chrono::{FixedOffset, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _, Utc};

    use super::*;

    fn wall() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2024, 1, 2).unwrap().and_hms_micro_opt(3, 4, 5, 678_901).unwrap()
    }

    #[test]
    fn offsets_survive() {
        let east = FixedOffset::east_opt(8 * 3600).unwrap();
        let before = east.from_local_datetime(&wall()).unwrap();
        let stored = DateTime::from(before);
        assert_eq!(stored, time("2024-01-02T03:04:05.678901+08:00"));
        let after = chrono::DateTime::<FixedOffset>::from(stored);
        assert_eq!((after, after.offset().fix()), (before, east));
        assert_eq!(chrono::DateTime::<Utc>::from(stored), before);
    }

    #[test]
    fn a_naive_time_survives_records_and_the_utc_that_cookies_make_of_it() {
        let stored = DateTime::from(wall());
        assert_eq!(stored, time("2024-01-02T03:04:05.678901"));
        for read in [stored, time("2024-01-02T03:04:05.678901Z")] {
            assert_eq!(NaiveDateTime::from(read), wall());
            assert_eq!(chrono::DateTime::<Utc>::from(read), wall().and_utc());
        }
    }

    #[test]
    fn never_and_leap_seconds_become_the_nearest_moment() {
        assert_eq!(DateTime::from(chrono::DateTime::<Utc>::MAX_UTC), time("9999-12-31T23:59:59.999999999Z"));
        assert_eq!(DateTime::from(chrono::DateTime::<Utc>::MIN_UTC), time("0001-01-01T00:00:00Z"));
        let leap =
            NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1_500).unwrap();
        assert_eq!(DateTime::from(leap.and_utc()), time("2016-12-31T23:59:59.999999999Z"));
    }

    #[test]
    fn a_setter_takes_them_as_they_are() {
        let taken: Option<DateTime> = Utc.timestamp_opt(0, 0).unwrap().into_field();
        assert_eq!(taken, DateTime::utc(0, 0));
        let taken: Option<DateTime> = wall().into_field();
        assert_eq!(taken, Some(time("2024-01-02T03:04:05.678901")));
    }
}
