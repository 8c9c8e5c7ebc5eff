//! Dates in cookies: `Wed, 21 Oct 2015 07:28:00 GMT` (W14).

use time::{OffsetDateTime, Weekday};

use crate::formats::value::{DateTime, seconds_of};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The date in UTC, without what is smaller than a second. A naive one counts as UTC.
pub(super) fn format(time: DateTime) -> String {
    let Ok(time) = OffsetDateTime::from_unix_timestamp(time.unix_seconds()) else { return String::new() };
    let weekday = match time.weekday() {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    };
    let (year, month, day) = time.to_calendar_date();
    let month = MONTHS.get(usize::from(u8::from(month)).saturating_sub(1)).copied().unwrap_or_default();
    let (hour, minute, second) = time.to_hms();
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Reads a date as RFC 2822 and HTTP have it: the weekday may be missing or wrong, the seconds missing,
/// the zone a number, a name for UTC, or missing (UTC). `None` for anything else; of the forms that
/// Python knows beyond these (asctime, dashes, American zones) Flask writes none.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_whitespace();
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| name.eq_ignore_ascii_case(month))?.1;
    let year = match number(words.next()?)? {
        year @ 0..=68 => year + 2000, // as RFC 2822 and Python read them, also with leading zeros
        year @ 69..=99 => year + 1900,
        year => year,
    };
    let mut time = words.next()?.split(':');
    let (hour, minute) = (number(time.next()?)?, number(time.next()?)?);
    let second = time.next().map_or(Some(0), number)?;
    let offset = words.next().map_or(Some(0), zone)?;
    if time.next().is_some() || words.next().is_some() {
        return None;
    }
    let wall = seconds_of(i32::try_from(year).ok()?, month, day, [hour, minute, second])?;
    DateTime::with_offset(wall.checked_sub(offset.into())?, 0, offset)
}

/// A number of up to four digits.
fn number(text: &str) -> Option<u32> {
    let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Seconds east of UTC.
fn zone(text: &str) -> Option<i32> {
    if ["GMT", "UTC", "UT", "Z"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let clock = i32::try_from(number(digits).filter(|_| digits.len() == 4)?).ok()?;
    Some(sign * (clock / 100 * 3600 + clock % 100 * 60))
}
