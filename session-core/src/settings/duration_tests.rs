//! Tests of durations, apart from them: the macros share that file.

use std::time::Duration;

use proptest::prelude::*;

use super::duration::parse;

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
        assert!(parse(text).unwrap_err().to_string().contains("no fixed length"), "{text}");
    }
}

#[test]
fn a_number_in_quotes_needs_a_unit() {
    assert!(parse("7200").unwrap_err().to_string().contains("7200 seconds"));
}

#[test]
fn text_that_is_not_a_duration_is_refused() {
    for text in ["", " ", "soon", "-5 s", "1.2.3 s", ". s", "5 parsecs", "1h 30", "1h, 30m", "0:30:00", "∞ s"]
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
