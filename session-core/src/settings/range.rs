//! Ranges of values, as [`settings!`](super::table) takes them: functions that return what is wrong with a value.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Far below what a point in time can be moved by, and far above any use.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

/// Allows what is in `range`; `unit` follows the numbers in the message.
pub(crate) fn within<T: PartialOrd + Display>(
    range: RangeInclusive<T>,
    unit: &'static str,
) -> impl Fn(&T) -> Option<String> {
    move |value| {
        let (start, end) = (range.start(), range.end());
        (!range.contains(value)).then(|| format!("must be {start} to {end}{unit}, not {value}"))
    }
}

/// Allows lists of which each item is in `range`.
pub(crate) fn each_within<T: PartialOrd + Display>(
    range: RangeInclusive<T>,
    unit: &'static str,
) -> impl Fn(&Vec<T>) -> Vec<String> {
    let within = within(range, unit);
    move |values| values.iter().filter_map(&within).collect()
}

/// Allows at least a second.
pub(crate) fn seconds(span: &Duration) -> Option<String> {
    at_least(Duration::from_secs(1), "one second", span)
}

/// Allows at least a millisecond.
pub(crate) fn milliseconds(span: &Duration) -> Option<String> {
    at_least(Duration::from_millis(1), "one millisecond", span)
}

fn at_least(shortest: Duration, in_words: &str, span: &Duration) -> Option<String> {
    (!(shortest..=LONGEST).contains(span))
        .then(|| format!("must be at least {in_words} and at most 36500 days, not {span:?}"))
}

/// Allows none, which is never, or at least a second.
pub(crate) fn never_or_seconds(span: &Option<Duration>) -> Option<String> {
    or_seconds("0 (never)", span)
}

/// Allows none, or at least a second.
pub(crate) fn none_or_seconds(span: &Option<Duration>) -> Option<String> {
    or_seconds("0 (none)", span)
}

fn or_seconds(none: &str, span: &Option<Duration>) -> Option<String> {
    let wrong = span.as_ref().and_then(seconds);
    wrong.map(|_| format!("must be {none}, or at least one second and at most 36500 days"))
}
