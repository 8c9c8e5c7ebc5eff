//! Durations as text: `"31 days"`, `"1h 30m"`, `"500 ms"`.

use std::time::Duration;

/// The sum of the parts of `text`, each a number and a unit; the error says what to write.
///
/// Months and years are refused, since they have no one length; so is a number without a unit.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let no_duration = || {
        format!(
            "{text:?} is no duration; write seconds (7200) or text such as \"2 hours\", \"1h 30m\", \"500 ms\""
        )
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(no_duration());
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split_while(after.trim_start(), char::is_alphabetic);
        let number: f64 = number.parse().map_err(|_| no_duration())?;
        if unit.is_empty() {
            return Err(format!(
                "{text:?} lacks a unit; write a number of seconds without quotes, or add one (\"{number} seconds\")"
            ));
        }
        seconds += number * seconds_in(unit, text)?;
        rest = after.trim_start();
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{text:?} is longer than can be counted"))
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

fn seconds_in(unit: &str, text: &str) -> Result<f64, String> {
    // A capital M is the month in many notations; taking it for the minute would be a silent surprise.
    if unit == "M" {
        return Err(month_or_year(text));
    }
    Ok(match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "wk" | "wks" | "week" | "weeks" => 604_800.0,
        "mo" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => return Err(month_or_year(text)),
        _ => {
            return Err(format!(
                "{text:?} has the unknown unit {unit:?}; write ms, seconds, minutes, hours, days or weeks"
            ));
        }
    })
}

fn month_or_year(text: &str) -> String {
    format!("{text:?}: months and years have no fixed length; write days (\"31 days\", \"365 days\")")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_may_be_singular_plural_or_abbreviated() {
        for (text, seconds) in [
            ("31 days", 2_678_400.0),
            ("1 day", 86_400.0),
            ("2 Hours", 7_200.0),
            ("90s", 90.0),
            ("1h 30m", 5_400.0),
            ("1h30min", 5_400.0),
            ("500 ms", 0.5),
            (" 1.5 hours ", 5_400.0),
            ("2 weeks", 1_209_600.0),
            ("1.5s", 1.5),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn months_and_years_are_refused_for_having_no_fixed_length() {
        for text in ["1 month", "2 years", "1y", "3M", "1mo"] {
            assert!(parse(text).unwrap_err().contains("no fixed length"), "{text}");
        }
    }

    #[test]
    fn a_number_in_quotes_needs_a_unit() {
        assert!(parse("7200").unwrap_err().contains("7200 seconds"));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", " ", "soon", "-5 s", "1.2.3 s", ". s", "5 parsecs", "1h 30", "1h, 30m", "0:30:00", "∞ s"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("{} weeks", "9".repeat(400))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*|[0-9. a-zM]{0,20}") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_parts_add_up_exactly(h in 0u64..800_000, m in 0u64..60, s in 0u64..60) {
            prop_assert_eq!(parse(&format!("{h}h {m} min {s} seconds")), Ok(Duration::from_secs(h * 3600 + m * 60 + s)));
        }
    }
}
