//! Dates as HTTP writes them: `Thu, 01 Jan 1970 00:00:00 GMT`.
//!
//! The crate `httpdate` knows no year before 1970, and a session may hold any date of Python's calendar.

use time::OffsetDateTime;

use super::time::{LAST_SECOND, seconds_of};

const WEEKDAYS: &str = "MonTueWedThuFriSatSun";
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// The length of every date, in bytes.
pub(super) const LEN: usize = "Thu, 01 Jan 1970 00:00:00 GMT".len();

/// Appends a date between the years 1 and 9999. Digit by digit: the formatting machinery took ten times as long,
/// and there is a date in nearly every answer.
pub(super) fn push(unix_seconds: i64, text: &mut String) {
    let second = unix_seconds.min(LAST_SECOND);
    let date = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = date.to_hms();
    let year = date.year().unsigned_abs();
    text.push_str(three_letters(date.weekday().number_days_from_monday(), WEEKDAYS));
    text.push_str(", ");
    push_two_digits(text, date.day());
    text.push(' ');
    text.push_str(three_letters(u8::from(date.month()).saturating_sub(1), MONTHS));
    text.push(' ');
    push_two_digits(text, (year / 100 % 100) as u8);
    push_two_digits(text, (year % 100) as u8);
    for (before, number) in [(' ', hour), (':', minute), (':', second)] {
        text.push(before);
        push_two_digits(text, number);
    }
    text.push_str(" GMT");
}

fn three_letters(index: u8, names: &str) -> &str {
    let start = usize::from(index) * 3;
    names.get(start..start + 3).unwrap_or_default()
}

fn push_two_digits(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

/// Reads a date as RFC 2822 and HTTP have it: seconds since 1970, and those east of UTC on its clock.
///
/// The weekday may be missing or wrong, the seconds missing, the zone a number, a name for UTC, or missing (UTC).
/// `None` for anything else; of the forms that Python knows beyond these (asctime, dashes, American zones) Flask
/// writes none.
pub(super) fn parse(text: &str) -> Option<(i64, i32)> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_whitespace();
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = (0..12).find(|index| three_letters(*index, MONTHS).eq_ignore_ascii_case(month))? + 1;
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
    let wall = seconds_of(year, month.into(), day, [hour, minute, second])?;
    Some((wall.checked_sub(offset.into())?, offset))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_seconds: i64) -> String {
        let mut text = String::new();
        push(unix_seconds, &mut text);
        assert_eq!(text.len(), LEN);
        text
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
        assert_eq!(at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(at(-62_135_596_800), "Mon, 01 Jan 0001 00:00:00 GMT");
        assert_eq!(at(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
