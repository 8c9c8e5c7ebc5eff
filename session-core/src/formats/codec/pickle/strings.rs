//! Text and the strings of Python 2.

use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{LoneSurrogate, NotUtf8, OutOfRange};
use crate::formats::value::Value;

pub(super) fn utf8(bytes: &[u8]) -> Result<Value, DecodeError> {
    let text = str::from_utf8(bytes).map_err(|error| DecodeError(NotUtf8(error)))?;
    Ok(Value::Str(text.to_owned()))
}

/// A `str` of Python 2: text for Python 3 if it is ASCII.
pub(super) fn byte_string(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Value::Str(text),
        Ok(text) => Value::Bytes(text.into_bytes()),
        Err(error) => Value::Bytes(error.into_bytes()),
    }
}

/// `UNICODE`: Latin-1 in which `\u` and `\U` stand for everything else. Other backslashes are themselves.
pub(super) fn raw_unicode_escape(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let [byte, behind @ ..] = rest {
        let digits = match rest {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            [b'\\', second, behind @ ..] => {
                text.extend(['\\', char::from(*second)]);
                rest = behind;
                continue;
            }
            _ => {
                text.push(char::from(*byte));
                rest = behind;
                continue;
            }
        };
        let escape =
            rest.get(2..2 + digits).and_then(hex).ok_or_else(|| DecodeError::syntax("a text", at))?;
        text.push(character(escape)?);
        rest = rest.get(2 + digits..).unwrap_or_default();
    }
    Ok(Value::Str(text))
}

fn character(code: u32) -> Result<char, DecodeError> {
    match char::from_u32(code) {
        Some(char) => Ok(char),
        None if (0xd800..0xe000).contains(&code) => Err(DecodeError(LoneSurrogate)),
        None => Err(DecodeError(OutOfRange("a character"))),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// `STRING`: what Python 2's `repr` wrote, in either kind of quotes.
pub(super) fn quoted(line: &[u8], at: usize) -> Result<Value, DecodeError> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(DecodeError::syntax("a text in quotes", at)),
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [byte, behind @ ..] = rest {
        rest = if *byte == b'\\' {
            unescape(&mut bytes, behind).ok_or_else(|| DecodeError::syntax("an escape", at))?
        } else {
            bytes.push(*byte);
            behind
        };
    }
    Ok(byte_string(bytes))
}

/// Appends the byte that an escape stands for, without its backslash, and returns the rest.
fn unescape<'a>(out: &mut Vec<u8>, escape: &'a [u8]) -> Option<&'a [u8]> {
    let (first, rest) = escape.split_first()?;
    let byte = match first {
        b'\\' | b'\'' | b'"' => *first,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'b' => 0x08,
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'x' => {
            let (digits, rest) = rest.split_at_checked(2)?;
            out.extend(hex(digits).and_then(|code| u8::try_from(code).ok()));
            return hex(digits).map(|_| rest);
        }
        b'0'..=b'7' => {
            let length = escape.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
            let (digits, rest) = escape.split_at_checked(length)?;
            let code = digits.iter().fold(0_u8, |code, digit| code << 3 | (digit & 7)); // \777 is \377
            out.push(code);
            return Some(rest);
        }
        _ => {
            out.extend([b'\\', *first]);
            return Some(rest);
        }
    };
    out.push(byte);
    Some(rest)
}
