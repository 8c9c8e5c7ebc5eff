//! Steps over a JSON text. Each takes the position where something should be and returns the one behind it.
//!
//! They are inlined into the loop that skips values, where positions stay in registers: more than half of
//! opening a record went into calls and into storing how far they got. What is rare is not inlined.

use super::Dialect;
use super::plain::{plain, plain_in_word};

/// What should be where something else is.
pub(super) struct Expected {
    pub(super) what: &'static str,
    pub(super) at: usize,
}

pub(super) type Step<T = usize> = Result<T, Expected>;

#[inline(always)]
fn next(json: &[u8], at: usize) -> Option<u8> {
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

/// Nobody writes them.
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
    let mut at = start;
    while let Some(word) = json.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_in_word(word);
        at += plain;
        if plain < word.len() || at >= start + 32 {
            break;
        }
    }
    if next(json, at) == Some(b'"') { Ok((at + 1, false)) } else { long_text(json, at) }
}

/// The rest of a text that is long, has escapes, or ends with the record.
#[inline(never)]
fn long_text(json: &[u8], mut at: usize) -> Step<(usize, bool)> {
    let mut escaped = false;
    loop {
        at += json.get(at..).map_or(0, plain);
        match next(json, at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(json, at + 1)?;
            }
            Some(0x20..) => at += 1,
            _ => return Err(Expected { what: "no control character", at }),
        }
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
    let names: &[&str] = match dialect {
        Dialect::Record => &["null", "true", "false"],
        Dialect::Tagged => &["null", "true", "false", "NaN", "Infinity", "-Infinity"],
    };
    let rest = json.get(at..).unwrap_or_default();
    if let Some(name) = names.iter().find(|name| rest.starts_with(name.as_bytes())) {
        return Ok(at + name.len());
    }
    match rest {
        // A name that goes on wrongly.
        [b'-', b'I', ..] if dialect == Dialect::Tagged => Err(Expected { what: "a value", at }),
        [b'-', ..] => number(json, at + 1),
        _ => number(json, at),
    }
}

/// A number without minus.
#[inline(always)]
fn number(json: &[u8], at: usize) -> Step {
    let mut end = if next(json, at) == Some(b'0') { at + 1 } else { digits(json, at, "a value")? };
    if next(json, end) == Some(b'.') {
        end = digits(json, end + 1, "a digit")?;
    }
    if matches!(next(json, end), Some(b'e' | b'E')) { exponent(json, end + 1) } else { Ok(end) }
}

#[cold]
fn exponent(json: &[u8], at: usize) -> Step {
    let sign = matches!(next(json, at), Some(b'+' | b'-'));
    digits(json, at + usize::from(sign), "a digit")
}

#[inline(always)]
fn digits(json: &[u8], at: usize, what: &'static str) -> Step {
    let mut end = at;
    while next(json, end).is_some_and(|byte| byte.is_ascii_digit()) {
        end += 1;
    }
    if end > at { Ok(end) } else { Err(Expected { what, at }) }
}

/// What separates or ends the items of a list or map; and whether another one follows.
#[inline(always)]
pub(super) fn another(json: &[u8], at: usize, close: u8) -> Step<(usize, bool)> {
    if next(json, at) == Some(b',') {
        return Ok((at + 1, true));
    }
    match byte(json, at, close, "a comma or the end of a list or map") {
        Err(Expected { at, .. }) if next(json, at) == Some(b',') => Ok((at + 1, true)),
        end => end.map(|end| (end, false)),
    }
}

/// One value, however deeply nested. `around` is for what closes the lists and maps around the innermost.
pub(super) fn value(json: &[u8], mut at: usize, dialect: Dialect, around: &mut Vec<u8>) -> Step {
    const NONE: u8 = 0;
    around.clear();
    let mut close = NONE;
    loop {
        if close == b'}' {
            (at, _) = text(json, at)?;
            at = byte(json, at, b':', "a colon")?;
        }
        let opened = loop {
            match next(json, at) {
                Some(b'"') => (at, _) = text(json, at)?,
                Some(b'0'..=b'9') => at = number(json, at)?,
                Some(b'[') => break b']',
                Some(b'{') => break b'}',
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    at = blanks(json, at);
                    continue;
                }
                _ => at = literal(json, at, dialect)?,
            }
            break NONE;
        };
        if opened != NONE {
            at = blanks(json, at + 1);
            if next(json, at) != Some(opened) {
                around.push(close);
                close = opened;
                continue;
            }
            at += 1;
        }
        loop {
            if close == NONE {
                return Ok(at);
            }
            let another;
            (at, another) = self::another(json, at, close)?;
            if another {
                break;
            }
            close = around.pop().unwrap_or(NONE);
        }
    }
}
