//! The one grammar of durations written as text: `"31 days"`, `"1h 30m"`, `"500 ms"`.
//!
//! The macros read `fresh = "10 minutes"` with a copy of this file, which a test compares; so it uses nothing but std.

use std::fmt;
use std::time::Duration;

/// Reads the sum of the parts of `text`, each of which is a number and a unit.
///
/// Months and years are refused, since they have no one length; so is a number without a unit.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split_while(after.trim_start(), char::is_alphabetic);
        let number: f64 = number.parse().map_err(|_| DurationError::Malformed)?;
        if unit.is_empty() {
            return Err(DurationError::WithoutUnit { number });
        }
        seconds += number * seconds_in(unit)?;
        rest = after.trim_start();
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::TooLong)
}

/// The reason why a text is not a duration. Its own text follows the quoted one in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DurationError {
    /// A part is not a number and a unit.
    Malformed,
    /// A number has no unit.
    WithoutUnit { number: f64 },
    /// A unit is not known.
    UnknownUnit { unit: String },
    /// A part counts months or years.
    MonthOrYear,
    /// The sum is more than a [`Duration`] holds.
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DurationError::Malformed => f.write_str(
                "is not a valid duration; write seconds (7200) or text such as \"2 hours\", \"1h 30m\", \"500 ms\"",
            ),
            DurationError::WithoutUnit { number } => write!(
                f,
                "lacks a unit; write a number of seconds without quotes, or add one (\"{number} seconds\")"
            ),
            DurationError::UnknownUnit { unit } => {
                write!(f, "has the unknown unit {unit:?}; write ms, seconds, minutes, hours, days or weeks")
            }
            DurationError::MonthOrYear => f.write_str(
                "has no fixed length, as months and years don't; write days (\"31 days\", \"365 days\")",
            ),
            DurationError::TooLong => f.write_str("is longer than can be counted"),
        }
    }
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

fn seconds_in(unit: &str) -> Result<f64, DurationError> {
    // A capital M is the month in many notations; taking it for the minute would be a silent surprise.
    if unit == "M" {
        return Err(DurationError::MonthOrYear);
    }
    Ok(match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "wk" | "wks" | "week" | "weeks" => 604_800.0,
        "mo" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => {
            return Err(DurationError::MonthOrYear);
        }
        _ => return Err(DurationError::UnknownUnit { unit: unit.to_owned() }),
    })
}
