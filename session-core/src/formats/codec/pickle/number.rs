//! Reads numbers, in digits and in bytes.

use std::iter;

use crate::formats::error::{DecodeError, DecodeKind::OutOfRange};
use crate::formats::value::{MAX_DIGITS, Value};

/// `INT`: an integer, or `00` and `01` for false and true.
pub(super) fn int(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    match line {
        b"00" => Ok(Value::Bool(false)),
        b"01" => Ok(Value::Bool(true)),
        digits => integer(digits, at),
    }
}

/// `LONG`: an integer with the `L` that Python 2 wrote behind long ones.
pub(super) fn long(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    integer(line.strip_suffix(b"L").unwrap_or(line), at)
}

fn integer(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    let unsigned = line.strip_prefix(b"-").unwrap_or(line);
    let decimal = match unsigned {
        [b'0'] => line.len() == 1, // no Python writes -0
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let text =
        str::from_utf8(line).ok().filter(|_| decimal).ok_or_else(|| DecodeError::syntax("an integer", at))?;
    match text.parse() {
        Ok(number) => Ok(Value::Int(number)),
        Err(_) if unsigned.len() > MAX_DIGITS => Err(DecodeError(OutOfRange("an integer"))),
        Err(_) => Ok(Value::BigInt(text.to_owned())),
    }
}

/// The number of a remembered value.
pub(super) fn place(line: &[u8], at: usize) -> Result<u32, DecodeError> {
    let number = str::from_utf8(line).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| DecodeError::syntax("the number of a remembered value", at))
}

/// `FLOAT`: a float as Python's `repr` writes it.
pub(super) fn float(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    let text = str::from_utf8(line).ok();
    let number: Option<f64> = text.and_then(|text| text.parse().ok());
    match number.ok_or_else(|| DecodeError::syntax("a float", at))? {
        number if number.is_infinite() && line.iter().any(u8::is_ascii_digit) => {
            Err(DecodeError(OutOfRange("a number")))
        }
        number => Ok(Value::Float(number)),
    }
}

/// `LONG1`, `LONG4`: two's complement, the lowest byte first.
pub(super) fn binary_long(bytes: &[u8]) -> Result<Value, DecodeError> {
    let negative = bytes.last().is_some_and(|highest| highest & 0x80 != 0);
    let sign = if negative { 0xff } else { 0 };
    let length = bytes.iter().rposition(|byte| *byte != sign).map_or(0, |last| last + 1);
    let (bytes, _) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
    // The sign need not show any longer: it is added below.
    if bytes.len() < size_of::<i128>() {
        let mut all = [sign; size_of::<i128>()];
        all.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        return Ok(Value::Int(i128::from_le_bytes(all)));
    }
    // Each byte is more than two digits.
    if bytes.len() > MAX_DIGITS / 2 {
        return Err(DecodeError(OutOfRange("an integer")));
    }
    let digits = decimal(&magnitude(bytes, negative));
    if digits.len() > MAX_DIGITS {
        return Err(DecodeError(OutOfRange("an integer")));
    }
    let digits = if negative { format!("-{digits}") } else { digits };
    Ok(digits.parse().map_or(Value::BigInt(digits), Value::Int))
}

/// The absolute value of two's complement without its sign bytes.
fn magnitude(bytes: &[u8], negative: bool) -> Vec<u8> {
    if !negative {
        return bytes.to_vec();
    }
    let mut carry = true;
    let negated = bytes.iter().map(|byte| {
        let (byte, overflow) = (!byte).overflowing_add(u8::from(carry));
        carry = overflow;
        byte
    });
    let mut magnitude: Vec<u8> = negated.collect();
    magnitude.push(u8::from(carry));
    magnitude
}

/// The digits of a number whose lowest byte comes first.
fn decimal(bytes: &[u8]) -> String {
    const NINE_DIGITS: u64 = 1_000_000_000;
    let group = |number: u64| u32::try_from(number).unwrap_or(u32::MAX); // less than nine digits: it fits
    let mut groups = vec![0_u32]; // of nine digits, the lowest first
    for word in bytes.chunks(4).rev() {
        let mut carry = word.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        for digits in &mut groups {
            let sum = (u64::from(*digits) << 32) + carry;
            carry = sum / NINE_DIGITS;
            *digits = group(sum % NINE_DIGITS);
        }
        while carry > 0 {
            groups.push(group(carry % NINE_DIGITS));
            carry /= NINE_DIGITS;
        }
    }
    let mut groups = groups.iter().rev().skip_while(|digits| **digits == 0);
    let highest = groups.next().copied().unwrap_or(0).to_string();
    iter::once(highest).chain(groups.map(|digits| format!("{digits:09}"))).collect()
}
