//! The one grammar of durations written as text: `"31 days"`, `"1h 30m"`, `"500 ms"`.
//!
//! The macros read `fresh = "10 minutes"` with a copy of this file, which a test compares; so it uses nothing but std.

use std::fmt;
use std::time::Duration;

/// Reads the sum of the parts of `text`, each of which is a number and a unit.
///
/// Months and years are refused, since they have no one length; so is a number without a unit.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed = || {
        let form = "write seconds (7200) or text such as \"2 hours\", \"1h 30m\", \"500 ms\"";
        DurationError::Malformed(format!("is not a valid duration; {form}"))
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(malformed());
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split_while(after.trim_start(), char::is_alphabetic);
        let number: f64 = number.parse().map_err(|_| malformed())?;
        if unit.is_empty() {
            return Err(DurationError::Malformed(format!(
                "lacks a unit; write a number of seconds without quotes, or add one (\"{number} seconds\")"
            )));
        }
        seconds += number * seconds_in(unit)?;
        rest = after.trim_start();
    }
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| DurationError::Malformed("is longer than can be counted".into()))
}

/// The reason why a text is not a duration: the end of a sentence that begins with it.
#[derive(Debug, PartialEq)]
pub(crate) enum DurationError {
    /// It is not made of numbers and units.
    Malformed(String),
    /// One of its units is not known, or not of one length.
    Unit(String),
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DurationError::Malformed(reason) | DurationError::Unit(reason) => f.write_str(reason),
        }
    }
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

fn seconds_in(unit: &str) -> Result<f64, DurationError> {
    Ok(match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        // A capital M is the month in many notations; taking it for the minute would be a silent surprise.
        "m" | "min" | "mins" | "minute" | "minutes" if unit != "M" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "wk" | "wks" | "week" | "weeks" => 604_800.0,
        "m" | "mo" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => {
            let reason =
                "has no fixed length, as months and years don't; write days (\"31 days\", \"365 days\")";
            return Err(DurationError::Unit(reason.into()));
        }
        _ => {
            let known = "ms, seconds, minutes, hours, days or weeks";
            return Err(DurationError::Unit(format!("has the unknown unit {unit:?}; write {known}")));
        }
    })
}
