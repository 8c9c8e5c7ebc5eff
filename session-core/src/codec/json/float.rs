//! Floats in JSON: the shortest digits that read back the same, in two layouts.

use super::Dialect;

/// Appends a finite float. `-4 <= e < 16` is positional in cookies (W13), `-5 <= e < 16` in records;
/// beyond, Python writes `1e+16` and `1e-05`, msgspec `1e16` and `1e-6`.
pub(super) fn write(out: &mut Vec<u8>, number: f64, dialect: Dialect) {
    // Rust's exponent form has the shortest digits: `-1.25e-7`.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let smallest = if dialect == Dialect::Tagged { -4 } else { -5 };
    if !(smallest..16).contains(&exponent) {
        out.extend_from_slice(mantissa.as_bytes());
        let exponent = match dialect {
            Dialect::Tagged => format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
            Dialect::Record => format!("e{exponent}"),
        };
        out.extend_from_slice(exponent.as_bytes());
        return;
    }
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    if unsigned.len() < mantissa.len() {
        out.push(b'-');
    }
    let mut digits = unsigned.bytes().filter(|byte| *byte != b'.');
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend((exponent + 1..0).map(|_| b'0'));
    } else {
        out.extend((0..=exponent).map(|_| digits.next().unwrap_or(b'0')));
        out.push(b'.');
        out.push(digits.next().unwrap_or(b'0'));
    }
    out.extend(digits);
}
