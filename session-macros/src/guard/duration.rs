//! Durations as text: `"10 minutes"`, `"1h 30m"`.

use syn::LitStr;

/// The milliseconds that the text says: numbers with units, added up.
pub(super) fn parse(text: &LitStr) -> syn::Result<u64> {
    let value = text.value();
    match add_up(&value) {
        Some(0) | None => Err(syn::Error::new(
            text.span(),
            format_args!(
                "`{value}` is no duration\nwrite a number with a unit: `\"10 minutes\"`, `\"1h 30m\"`"
            ),
        )),
        Some(millis) => Ok(millis),
    }
}

fn add_up(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit());
        let (unit, after) = split_while(after.trim_start(), |c| c.is_ascii_alphabetic());
        let part = number.parse::<u64>().ok()?.checked_mul(millis_of(unit)?)?;
        millis = millis.checked_add(part)?;
        rest = after.trim_start();
    }
    Some(millis)
}

fn split_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// The units of the configuration's durations.
fn millis_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "wk" | "wks" | "week" | "weeks" => 604_800_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units() {
        for (text, millis) in
            [("10 minutes", 600_000), ("1h 30m", 5_400_000), ("90s", 90_000), ("500 ms", 500)]
        {
            assert_eq!(add_up(text), Some(millis), "{text}");
        }
        for text in ["10", "minutes", "ten minutes", "10 parsecs", "-1 s", "99999999999999999 weeks"] {
            assert_eq!(add_up(text), None, "{text}");
        }
    }
}
