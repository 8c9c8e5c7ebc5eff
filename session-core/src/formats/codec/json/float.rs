//! Writes floats in JSON: the shortest digits that read back the same, in two layouts.

use super::Dialect;

/// Appends a finite float. `-4 <= e < 16` is positional in cookies, `-5 <= e < 16` in records;
/// beyond, Python writes `1e+16` and `1e-05`, msgspec `1e16` and `1e-6`.
pub(super) fn write(out: &mut Vec<u8>, number: f64, dialect: Dialect) {
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let (digits, exponent) = shortest(number.abs());
    let mut digits = digits.bytes();
    let mut next = || digits.next().unwrap_or(b'0');
    let smallest = if dialect == Dialect::Tagged { -4 } else { -5 };
    if !(smallest..16).contains(&exponent) {
        out.push(next());
        if digits.len() > 0 {
            out.push(b'.');
            out.extend(digits);
        }
        let exponent = match dialect {
            Dialect::Tagged => format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
            Dialect::Record => format!("e{exponent}"),
        };
        out.extend_from_slice(exponent.as_bytes());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend((exponent + 1..0).map(|_| b'0'));
        out.extend(digits);
    } else {
        out.extend((0..=exponent).map(|_| next()));
        out.push(b'.');
        out.push(next());
        out.extend(digits);
    }
}

/// The shortest digits `d` and the exponent `e` of `d.ddd x 10^e`. Of two equally near Python takes the
/// even one, as ryu does and Rust's own formatting does not.
fn shortest(number: f64) -> (String, i32) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return ("0".to_owned(), 0);
    }
    // At most 17 digits and an exponent of three: no number here is near a limit.
    let place = |position: usize| i32::try_from(position).unwrap_or(0);
    let leading = place(whole.len()) - 1 - place(digits.len() - significant.len());
    (significant.trim_end_matches('0').to_owned(), exponent.parse().unwrap_or(0) + leading)
}
