//! Random values of every type that both sides can hold, as typed JSON.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::random::Random;

/// The format of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Cookie,
    Msgpack,
    Json,
    Pickle,
}

/// The result of writing a value and reading it again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// The same value.
    Kept,
    /// Another value (a tuple becomes a list), or another order. Within the request that
    /// sets it Flask still has the Python object, while here it is what the format made of it.
    Changed,
    /// The format may have no form for it: then the save fails.
    Refused,
}

use Fate::{Changed, Kept, Refused};

/// A value and what becomes of it in `format`.
pub(super) fn value(random: &mut Random, format: Format) -> (Value, Fate) {
    nested(random, format, 0)
}

fn nested(random: &mut Random, format: Format, depth: usize) -> (Value, Fate) {
    let kinds = if depth < 3 { 15 } else { 12 };
    match random.below(kinds) {
        0 => (random.one_of(&[Value::Null, true.into(), false.into()].each_ref()).clone(), Kept),
        1 | 2 => integer(random, format),
        3 => float(random, format),
        4..=7 => (Value::String(text(random)), Kept),
        8 => (bytes(random), if format == Format::Json { Changed } else { Kept }),
        9 => datetime(random, format),
        10 => {
            let (high, low) = (random.bits(), random.bits());
            let uuid = uuid::Uuid::from_u64_pair(high, low).to_string();
            (
                json!({ "$uuid": uuid }),
                if matches!(format, Format::Cookie | Format::Pickle) { Kept } else { Changed },
            )
        }
        11 => match (format, random.below(6)) {
            (Format::Cookie | Format::Pickle, _) => {
                (json!({ "$markup": format!("<b>{}</b>", text(random)) }), Kept)
            }
            // Refused where it is not the format's own.
            (_, 0) => (json!({ "$markup": "<i>" }), Refused),
            (_, 1) => (json!({ "$ext": [random.below(120), "AQI="] }), Refused),
            _ => (json!(""), Kept),
        },
        12 => list(random, format, depth),
        13 => {
            let (items, fate) = list(random, format, depth);
            let kept = matches!(format, Format::Cookie | Format::Pickle);
            (json!({ "$tuple": items }), if kept { fate } else { fate.max(Changed) })
        }
        _ => map(random, format, depth),
    }
}

fn list(random: &mut Random, format: Format, depth: usize) -> (Value, Fate) {
    let length = if random.once_in(20) { 17 } else { random.below(4) };
    let mut worst = Kept;
    let mut item = || {
        let (item, fate) = nested(random, format, depth + 1);
        worst = worst.max(fate);
        item
    };
    let items: Vec<Value> = (0..length).map(|_| item()).collect();
    (Value::Array(items), worst)
}

/// A map with keys of one type: Python can't sort others, which it does for a cookie.
fn map(random: &mut Random, format: Format, depth: usize) -> (Value, Fate) {
    let kind = random.below(8);
    let numbers = kind < 2;
    // Python sorts numbers as such for a cookie, and as the texts that they are then when it writes it again:
    // both is the same up to nine. Here nothing is written again that nobody has touched.
    let one_digit = numbers && format == Format::Cookie;
    let length = if random.once_in(20) && !one_digit { 17 } else { random.below(4) };
    let mut pairs: Vec<(Value, Value)> = Vec::new();
    let mut worst = if numbers && format != Format::Pickle { Changed } else { Kept };
    for number in 0..length {
        let key = match kind {
            0 if one_digit => json!(number),
            0 => integer(random, format).0,
            1 => json!({ "$float": format!("{number}.5") }),
            2 => json!([" t", " d", " di", " b", " u", " m", " t__", " "][random.below(8)]),
            _ => Value::String(text(random)),
        };
        // Of two equal keys Python keeps one.
        if pairs.iter().all(|(other, _)| *other != key) {
            let (value, fate) = nested(random, format, depth + 1);
            worst = worst.max(fate);
            pairs.push((key, value));
        }
    }
    if format == Format::Cookie && pairs.len() > 1 {
        worst = worst.max(Changed);
    }
    let pairs: Value = pairs.into_iter().map(|(key, value)| json!([key, value])).collect();
    (json!({ "$dict": pairs }), worst)
}

fn integer(random: &mut Random, format: Format) -> (Value, Fate) {
    let number: i128 = match random.below(4) {
        0 => random.below(200) as i128 - 60,
        1 => {
            let edge = 1_i128 << random.one_of(&[5, 7, 8, 15, 16, 31, 32, 52, 53, 63, 64]);
            edge.min(i128::from(u64::MAX)) - random.below(2) as i128
        }
        2 => -(1_i128 << random.one_of(&[5, 7, 8, 15, 16, 31, 32, 53, 62])) - random.below(2) as i128,
        _ => i128::from(random.bits() as i64 >> random.below(64)),
    };
    if matches!(format, Format::Cookie | Format::Pickle) && random.once_in(10) {
        return (json!({ "$int": format!("{number}00000000000000000000000") }), Kept);
    }
    if number.unsigned_abs() < 1 << 53 {
        (json!(number as i64), Kept)
    } else {
        (json!({ "$int": number.to_string() }), Kept)
    }
}

fn float(random: &mut Random, format: Format) -> (Value, Fate) {
    const SPECIAL: [&str; 16] = [
        "0.0",
        "-0.0",
        "1.0",
        "0.1",
        "1e+16",
        "1000000000000000.0",
        "9999999999999998.0",
        "0.0001",
        "1e-05",
        "1e-06",
        "5e-324",
        "1.7976931348623157e+308",
        "2.2250738585072014e-308",
        "1e+22",
        "123456789012345.67",
        "-1.5e-07",
    ];
    match random.below(8) {
        0 => {
            let text = random.one_of(&["nan", "inf", "-inf"]);
            (json!({ "$float": text }), if format == Format::Json { Changed } else { Kept })
        }
        1 | 2 => {
            let bits = f64::from_bits(random.bits());
            let number = if bits.is_finite() { bits } else { 0.5 };
            (json!({ "$float": format!("{number:e}") }), Kept)
        }
        _ => (json!({ "$float": random.one_of(&SPECIAL) }), Kept),
    }
}

/// Text with what formats treat specially: escapes, tags, dates, and lengths at which headers grow.
pub(super) fn text(random: &mut Random) -> String {
    const SPECIAL: [&str; 14] = [
        "",
        "momo",
        "游客 😀 é",
        "\"quoted\" \\ and / and '",
        "\u{0}\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\u{80}",
        "\u{2028}\u{2029}\u{feff}\u{fffd}\u{ffff}\u{10ffff}",
        " t",
        "{\" t\":[1]}",
        "Tue, 02 Jan 2024 03:04:05 GMT",
        "2024-01-02T03:04:05Z",
        "null",
        "<script>&amp;",
        "a.b.c",
        "1e5",
    ];
    match random.below(4) {
        0 => {
            let length = random.one_of(&[1, 15, 16, 31, 32, 33, 64]);
            "x".repeat(length)
        }
        1 => (0..random.below(6)).filter_map(|_| char::from_u32(random.bits() as u32 % 0x3000)).collect(),
        _ => random.one_of(&SPECIAL).to_owned(),
    }
}

fn bytes(random: &mut Random) -> Value {
    let length = random.one_of(&[0, 1, 2, 3, 31, 32]);
    let bytes: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
    json!({ "$bytes": BASE64_STANDARD.encode(bytes) })
}

fn datetime(random: &mut Random, format: Format) -> (Value, Fate) {
    // Python reads a year before 100 in a cookie as one of our time, and writes it so again.
    let year = random.one_of(&[100, 999, 1969, 1970, 2024, 2037, 2106, 2515, 9998]);
    let (month, day) = (1 + random.below(12), 1 + random.below(28));
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    let micro = random.one_of(&[0, 0, 1, 500_000, 678_901, 999_999]);
    let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
    let offset = random.one_of(&["", "", "+00:00", "+00:00", "+02:00", "-05:30", "+14:00"]);
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}");
    let kept = match format {
        Format::Cookie => micro == 0 && offset == "+00:00",
        Format::Msgpack => offset == "+00:00",
        Format::Json => false,
        Format::Pickle => true,
    };
    (json!({ "$datetime": text }), if kept { Kept } else { Changed })
}
