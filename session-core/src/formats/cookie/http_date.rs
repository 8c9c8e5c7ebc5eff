//! Dates as HTTP writes them (W14): `Thu, 01 Jan 1970 00:00:00 GMT`.

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

impl HttpDate {
    /// How long the text is, in bytes, whatever the date.
    pub(super) const LEN: usize = "Thu, 01 Jan 1970 00:00:00 GMT".len();

    /// Appends the text. Digit by digit: the formatting machinery took ten times as long, and there is a date in
    /// nearly every answer.
    pub(super) fn push_to(self, line: &mut String) {
        let second = i64::try_from(self.0.min(LAST_SECOND)).unwrap_or_default();
        let date = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute, second) = date.to_hms();
        let year = date.year().unsigned_abs();
        line.push_str(three_letters(date.weekday().number_days_from_monday(), "MonTueWedThuFriSatSun"));
        line.push_str(", ");
        push_two_digits(line, date.day());
        line.push(' ');
        let month = u8::from(date.month()).saturating_sub(1);
        line.push_str(three_letters(month, "JanFebMarAprMayJunJulAugSepOctNovDec"));
        line.push(' ');
        push_two_digits(line, (year / 100 % 100) as u8);
        push_two_digits(line, (year % 100) as u8);
        for (before, number) in [(' ', hour), (':', minute), (':', second)] {
            line.push(before);
            push_two_digits(line, number);
        }
        line.push_str(" GMT");
    }
}

fn three_letters(index: u8, names: &str) -> &str {
    let start = usize::from(index) * 3;
    names.get(start..start + 3).unwrap_or_default()
}

fn push_two_digits(line: &mut String, number: u8) {
    line.push(char::from(b'0' + number / 10 % 10));
    line.push(char::from(b'0' + number % 10));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> String {
        text(HttpDate(seconds))
    }

    fn text(date: HttpDate) -> String {
        let mut text = String::new();
        date.push_to(&mut text);
        assert_eq!(text.len(), HttpDate::LEN);
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
        assert_eq!(text(HttpDate::of(UNIX_EPOCH - Duration::from_millis(1))), at(0));
        assert_eq!(at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(at(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(text(HttpDate(u64::MAX).plus(1)), at(u64::MAX));
    }
}
