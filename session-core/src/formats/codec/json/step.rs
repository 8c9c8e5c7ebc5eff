//! Steps over a JSON text. Each takes the position where something should be and returns the one behind it.
//!
//! They are inlined into the loop that skips values, where positions stay in registers: more than half of
//! opening a record went into calls and into storing how far they got. What is rare is not inlined.

use super::Dialect;
use super::plain::{behind_blocks, behind_words};

/// What should be where something else is.
#[derive(Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) what: &'static str,
    pub(super) at: usize,
}

pub(super) type Step<T = usize> = Result<T, Expected>;

#[inline(always)]
pub(super) fn next(json: &[u8], at: usize) -> Option<u8> {
    json.get(at).copied()
}

/// Behind blanks, if there are any.
#[inline(always)]
pub(super) fn blanks(json: &[u8], at: usize) -> usize {
    match next(json, at) {
        Some(b'!'..) => at,
        _ => some_blanks(json, at),
    }
}

/// Neither Flask nor msgspec writes any.
#[cold]
fn some_blanks(json: &[u8], mut at: usize) -> usize {
    while matches!(next(json, at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

#[inline(always)]
pub(super) fn byte(json: &[u8], at: usize, byte: u8, what: &'static str) -> Step {
    if next(json, at) == Some(byte) {
        return Ok(at + 1);
    }
    let at = some_blanks(json, at);
    if next(json, at) == Some(byte) { Ok(at + 1) } else { Err(Expected { what, at }) }
}

/// A text, checking its escapes; and whether there are any.
#[inline(always)]
pub(super) fn text(json: &[u8], at: usize) -> Step<(usize, bool)> {
    let start = byte(json, at, b'"', "a text")?;
    let end = behind_words(json, start);
    if next(json, end) == Some(b'"') { Ok((end + 1, false)) } else { rest_of_text(json, end) }
}

/// The rest of a text that is long, has escapes, or ends with the record.
#[inline(never)]
fn rest_of_text(json: &[u8], mut at: usize) -> Step<(usize, bool)> {
    let mut escaped = false;
    loop {
        match next(json, at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(json, at + 1)?;
            }
            Some(0x20..) => at = behind_blocks(json, at + 1),
            _ => return Err(Expected { what: "no control character", at }),
        }
        at = behind_words(json, at);
    }
}

fn escape(json: &[u8], at: usize) -> Step {
    let digits = match next(json, at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
        Some(b'u') => 4,
        _ => return Err(Expected { what: "an escape", at }),
    };
    let mut at = at + 1;
    for _ in 0..digits {
        if !next(json, at).is_some_and(|byte| byte.is_ascii_hexdigit()) {
            return Err(Expected { what: "four hex digits", at });
        }
        at += 1;
    }
    Ok(at)
}

/// A value that is neither text, list nor map.
#[inline(never)]
pub(super) fn literal(json: &[u8], at: usize, dialect: Dialect) -> Step {
    let at = blanks(json, at);
    let rest = json.get(at..).unwrap_or_default();
    let names: &[&str] = match (rest, dialect) {
        ([b'0'..=b'9', ..], _) => return number(json, at),
        ([b'-', b'I', ..], Dialect::Tagged) => &["-Infinity"],
        ([b'-', ..], _) => return number(json, at + 1),
        (_, Dialect::Tagged) => &["null", "true", "false", "NaN", "Infinity"],
        (_, Dialect::Record) => &["null", "true", "false"],
    };
    match names.iter().find(|name| rest.starts_with(name.as_bytes())) {
        Some(name) => Ok(at + name.len()),
        None => Err(Expected { what: "a value", at }),
    }
}

/// A number without minus.
#[inline(always)]
pub(super) fn number(json: &[u8], at: usize) -> Step {
    let end = match next(json, at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(json, at + 1),
        _ => return Err(Expected { what: "a value", at }),
    };
    match next(json, end) {
        Some(b'.') => fraction(json, end + 1),
        Some(b'e' | b'E') => exponent(json, end + 1),
        _ => Ok(end),
    }
}

/// What is behind the point.
#[inline(always)]
fn fraction(json: &[u8], at: usize) -> Step {
    let end = some_digits(json, at)?;
    if matches!(next(json, end), Some(b'e' | b'E')) { exponent(json, end + 1) } else { Ok(end) }
}

#[cold]
fn exponent(json: &[u8], at: usize) -> Step {
    let sign = matches!(next(json, at), Some(b'+' | b'-'));
    some_digits(json, at + usize::from(sign))
}

#[inline(always)]
fn some_digits(json: &[u8], at: usize) -> Step {
    let end = digits(json, at);
    if end > at { Ok(end) } else { Err(Expected { what: "a digit", at }) }
}

#[inline(always)]
fn digits(json: &[u8], mut at: usize) -> usize {
    while next(json, at).is_some_and(|byte| byte.is_ascii_digit()) {
        at += 1;
    }
    at
}

/// What separates or ends the items of a list or map; and whether another one follows.
#[inline(always)]
pub(super) fn another(json: &[u8], at: usize, close: u8) -> Step<(usize, bool)> {
    if next(json, at) == Some(b',') {
        return Ok((at + 1, true));
    }
    let at = blanks(json, at);
    match next(json, at) {
        Some(b',') => Ok((at + 1, true)),
        Some(next) if next == close => Ok((at + 1, false)),
        _ => Err(Expected { what: "a comma or the end of a list or map", at }),
    }
}
