//! Dates with times, as Python's `datetime`.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use crate::formats::time::seconds_of;

#[cfg(feature = "chrono")]
mod chrono_crate;
mod nearest;
#[cfg(feature = "time")]
mod time_crate;

/// A date and time of the years 1 to 9999, as Python's `datetime`: *aware* with an offset from UTC, or
/// *naive* without one.
///
/// As a session field it is stored as such: in cookies with the precision of seconds and in UTC, in
/// msgpack records in UTC, in JSON records as text, which it reads back. A naive one is text in
/// records and counts as UTC in cookies. Its text is ISO 8601, `2024-01-02T03:04:05.678901+08:00`.
///
/// It is made from a [`SystemTime`](std::time::SystemTime), with the feature `time` from `time`'s
/// `OffsetDateTime` and `PrimitiveDateTime`, with the feature `chrono` from `chrono`'s `DateTime` and
/// `NaiveDateTime`, and becomes each of them again. The setter of a field `Option<DateTime>` takes them
/// as they are.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::value::DateTime;
///
/// let login = DateTime::utc(1_704_164_645, 0).unwrap();
/// assert_eq!(login.to_string(), "2024-01-02T03:04:05Z");
/// assert_eq!("2024-01-02T03:04:05Z".parse(), Ok(login));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    seconds: i64,
    nanoseconds: u32,
    offset: Option<i32>,
}

impl DateTime {
    /// The time in UTC: seconds since 1970 and the nanoseconds within the second. `None` outside the
    /// years 1 to 9999 or for a billion nanoseconds and more.
    pub fn utc(unix_seconds: i64, nanoseconds: u32) -> Option<Self> {
        DateTime::new(unix_seconds, nanoseconds, Some(0))
    }

    /// The same instant, told on a clock that is `offset` seconds ahead of UTC (east is positive).
    /// `None` as for [`utc`](DateTime::utc), or if the offset is 24 hours or more.
    pub fn with_offset(unix_seconds: i64, nanoseconds: u32, offset: i32) -> Option<Self> {
        DateTime::new(unix_seconds, nanoseconds, Some(offset))
    }

    /// A time on an unknown clock, in the seconds that it would be if that clock told UTC.
    /// `None` as for [`utc`](DateTime::utc).
    pub fn naive(wall_seconds: i64, nanoseconds: u32) -> Option<Self> {
        DateTime::new(wall_seconds, nanoseconds, None)
    }

    fn new(seconds: i64, nanoseconds: u32, offset: Option<i32>) -> Option<Self> {
        let this = DateTime { seconds, nanoseconds, offset };
        let years = 1..=9999;
        let valid = nanoseconds < 1_000_000_000
            && offset.is_none_or(|offset| offset.abs() < 86_400)
            && years.contains(&OffsetDateTime::from_unix_timestamp(seconds).ok()?.year())
            && years.contains(&this.wall()?.year());
        valid.then_some(this)
    }

    /// Seconds since 1970 in UTC; for a naive time as if its clock told UTC.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second. Python keeps microseconds.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Seconds east of UTC, `None` for a naive time.
    pub fn offset(self) -> Option<i32> {
        self.offset
    }

    /// The date and time that its own clock shows.
    fn wall(self) -> Option<OffsetDateTime> {
        let wall = self.seconds.checked_add(self.offset.unwrap_or(0).into())?;
        OffsetDateTime::from_unix_timestamp(wall).ok()
    }

    /// The text that msgspec writes: microseconds, an offset in whole minutes (half of one is dropped).
    pub(crate) fn record_text(self) -> String {
        let minutes = |offset: i32| ((offset + 29 * offset.signum()) / 60 * 60).clamp(-86_340, 86_340);
        self.text(self.nanoseconds / 1000 * 1000, self.offset.map(minutes))
    }

    /// Year, month, day, hour, minute and second on its own clock.
    pub(crate) fn calendar(self) -> [u32; 6] {
        let Some(wall) = self.wall() else { return [1; 6] }; // never: checked by `new`
        let (year, month, day) = wall.to_calendar_date();
        let (hour, minute, second) = wall.to_hms();
        let [month, day, hour, minute, second] = [u8::from(month), day, hour, minute, second].map(u32::from);
        [year.unsigned_abs(), month, day, hour, minute, second]
    }

    /// A key for a total order in which only equal times are equal.
    pub(super) fn order_key(self) -> (i64, u32, Option<i32>) {
        (self.seconds, self.nanoseconds, self.offset)
    }

    fn text(self, nanoseconds: u32, offset: Option<i32>) -> String {
        let [year, month, day, hour, minute, second] = self.calendar();
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if !nanoseconds.is_multiple_of(1000) {
            text += &format!(".{nanoseconds:09}");
        } else if nanoseconds != 0 {
            text += &format!(".{:06}", nanoseconds / 1000);
        }
        match offset {
            None => {}
            Some(0) => text.push('Z'),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let (minutes, seconds) = (offset.abs() / 60, offset.abs() % 60);
                text += &format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
                if seconds != 0 {
                    text += &format!(":{seconds:02}");
                }
            }
        }
        text
    }
}

/// The exact time in ISO 8601.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(self.nanoseconds, self.offset))
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a date and time in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDateTime;

impl fmt::Display for InvalidDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date and time like 2024-01-02T03:04:05Z of the years 1 to 9999")
    }
}

impl std::error::Error for InvalidDateTime {}

/// Reads what `Display` and Python's `isoformat` write: `T` or a blank between date and time, up to
/// nine digits after the second, then `Z`, an offset, or nothing for a naive time.
impl FromStr for DateTime {
    type Err = InvalidDateTime;

    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        let mut rest = Rest(text.as_bytes());
        rest.date_time().filter(|_| rest.0.is_empty()).ok_or(InvalidDateTime)
    }
}

/// The part of a text that is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn date_time(&mut self) -> Option<DateTime> {
        let year = self.number(4)?;
        let month = self.after(b"-")?.number(2)?;
        let day = self.after(b"-")?.number(2)?;
        let hour = self.after(b"T ")?.number(2)?;
        let minute = self.after(b":")?.number(2)?;
        let second = self.after(b":")?.number(2)?;
        let nanoseconds = if self.after(b".").is_some() { self.fraction()? } else { 0 };
        let offset = if self.0.is_empty() { None } else { Some(self.offset()?) };
        let wall = seconds_of(year, month, day, [hour, minute, second])?;
        DateTime::new(wall.checked_sub(offset.unwrap_or(0).into())?, nanoseconds, offset)
    }

    fn offset(&mut self) -> Option<i32> {
        if self.after(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.after(b"-").is_some() { -1 } else { self.after(b"+").map(|_| 1)? };
        let hours = self.number(2)?;
        let minutes = self.after(b":")?.number(2).filter(|minutes| *minutes < 60)?;
        let seconds = match self.after(b":") {
            Some(rest) => rest.number(2).filter(|seconds| *seconds < 60)?,
            None => 0,
        };
        Some(sign * i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?)
    }

    fn fraction(&mut self) -> Option<u32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let scale = u32::try_from(digits).ok().filter(|digits| (1..=9).contains(digits))?;
        Some(self.number(digits)? * 10_u32.pow(9 - scale))
    }

    /// The number in the next `digits` digits, at most nine.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |sum, byte| Some(sum * 10 + char::from(*byte).to_digit(10)?))
    }

    /// The rest behind one of the separators.
    fn after(&mut self, separators: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        separators.contains(first).then(|| {
            self.0 = rest;
            self
        })
    }
}
