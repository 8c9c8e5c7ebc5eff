//! Walks over JSON without decoding it.
//!
//! [`Scanner`] is a position in a text. Below it are the steps that it is made of: functions that take the position
//! where something should be and return the one behind it. They are inlined into the loop that skips values, where
//! positions stay in registers: more than half of opening a record went into calls and into storing how far they
//! got. What is rare is not inlined.

use std::ops::Range;

use super::Dialect;
use crate::formats::error::{DecodeError, DecodeKind::Trailing};

/// A position in a JSON text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    pub(super) dialect: Dialect,
    /// A stack that [`skip`] uses again and again.
    around: Vec<u8>,
}

/// A text without its quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Scanner { text, at: 0, dialect, around: Vec::new() }
    }

    /// Returns the length of the whole text, in bytes.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// The same text from another position on.
    pub(super) fn at(mut self, position: usize) -> Self {
        self.at = position;
        self
    }

    /// The next byte that is not a blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.at = skip_blanks(self.text.as_bytes(), self.at);
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves past `byte` if it is next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        self.at = self.checked(expect_byte(self.text.as_bytes(), self.at, byte, what))?;
        Ok(())
    }

    /// Refuses anything but blanks that is left over.
    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() { Ok(()) } else { Err(DecodeError(Trailing(self.at))) }
    }

    /// Moves past a text, checking its escapes. Returns its place without the quotes, and whether it has escapes.
    #[inline(always)]
    pub(super) fn pass_text(&mut self) -> Result<(Range<usize>, bool), DecodeError> {
        let start = skip_blanks(self.text.as_bytes(), self.at) + 1;
        let escaped;
        (self.at, escaped) = self.checked(skip_text(self.text.as_bytes(), self.at))?;
        Ok((start..self.at - 1, escaped))
    }

    /// The text in that place.
    pub(super) fn part(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// Reads a text, checking its escapes.
    pub(super) fn text(&mut self) -> Result<Text<'a>, DecodeError> {
        let (range, escaped) = self.pass_text()?;
        Ok(Text { raw: self.part(range), escaped })
    }

    /// Reads a value that is neither text, list nor map.
    pub(super) fn literal(&mut self) -> Result<&'a str, DecodeError> {
        self.peek();
        let start = self.at;
        self.at = self.checked(skip_literal(self.text.as_bytes(), start, self.dialect))?;
        Ok(self.part(start..self.at))
    }

    /// Reads a key and the colon behind it.
    pub(super) fn key(&mut self) -> Result<Text<'a>, DecodeError> {
        let key = self.text()?;
        self.expect(b':', "a colon")?;
        Ok(key)
    }

    /// Reads the start of a list or map: `true` if it has items.
    #[inline]
    pub(super) fn opened(&mut self, open: u8, close: u8, what: &'static str) -> Result<bool, DecodeError> {
        self.expect(open, what)?;
        Ok(!self.take(close))
    }

    /// Reads what separates or ends the items of a list or map: `true` if another one follows.
    #[inline]
    pub(super) fn another(&mut self, close: u8) -> Result<bool, DecodeError> {
        let another;
        (self.at, another) = self.checked(separator(self.text.as_bytes(), self.at, close))?;
        Ok(another)
    }

    /// Skips one value, however deeply nested, and returns its place.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Result<Range<usize>, DecodeError> {
        self.peek();
        let start = self.at;
        let end = skip(self.text.as_bytes(), start, self.dialect, &mut self.around);
        self.at = self.checked(end)?;
        Ok(start..self.at)
    }

    fn checked<T>(&self, step: Step<T>) -> Result<T, DecodeError> {
        step.map_err(|Expected { what, at }| {
            if at < self.text.len() { DecodeError::syntax(what, at) } else { DecodeError::truncated() }
        })
    }
}

/// The thing that should be where something else is.
#[derive(Debug, PartialEq)]
struct Expected {
    what: &'static str,
    at: usize,
}

type Step<T = usize> = Result<T, Expected>;

#[inline(always)]
fn byte_at(json: &[u8], at: usize) -> Option<u8> {
    json.get(at).copied()
}

/// Returns the position behind blanks, if there are any.
#[inline(always)]
fn skip_blanks(json: &[u8], at: usize) -> usize {
    match byte_at(json, at) {
        Some(b'!'..) => at,
        _ => skip_some_blanks(json, at),
    }
}

/// Skips blanks, of which neither Flask nor msgspec writes any.
#[cold]
fn skip_some_blanks(json: &[u8], mut at: usize) -> usize {
    while matches!(byte_at(json, at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

#[inline(always)]
fn expect_byte(json: &[u8], at: usize, byte: u8, what: &'static str) -> Step {
    if byte_at(json, at) == Some(byte) {
        return Ok(at + 1);
    }
    let at = skip_some_blanks(json, at);
    if byte_at(json, at) == Some(byte) { Ok(at + 1) } else { Err(Expected { what, at }) }
}

/// Skips a text, checking its escapes, and returns whether there are any.
#[inline(always)]
fn skip_text(json: &[u8], at: usize) -> Step<(usize, bool)> {
    let start = expect_byte(json, at, b'"', "a text")?;
    let end = behind_words(json, start);
    if byte_at(json, end) == Some(b'"') { Ok((end + 1, false)) } else { skip_rest_of_text(json, end) }
}

/// Skips the rest of a text that is long, has escapes, or ends with the record.
#[inline(never)]
fn skip_rest_of_text(json: &[u8], mut at: usize) -> Step<(usize, bool)> {
    let mut escaped = false;
    loop {
        match byte_at(json, at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = skip_escape(json, at + 1)?;
            }
            Some(0x20..) => at = behind_blocks(json, at + 1),
            _ => return Err(Expected { what: "no control character", at }),
        }
        at = behind_words(json, at);
    }
}

fn skip_escape(json: &[u8], at: usize) -> Step {
    let digits = match byte_at(json, at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
        Some(b'u') => 4,
        _ => return Err(Expected { what: "an escape", at }),
    };
    let mut at = at + 1;
    for _ in 0..digits {
        if !byte_at(json, at).is_some_and(|byte| byte.is_ascii_hexdigit()) {
            return Err(Expected { what: "four hex digits", at });
        }
        at += 1;
    }
    Ok(at)
}

/// Skips a value that is neither text, list nor map.
#[inline(never)]
fn skip_literal(json: &[u8], at: usize, dialect: Dialect) -> Step {
    let at = skip_blanks(json, at);
    let rest = json.get(at..).unwrap_or_default();
    let names: &[&str] = match (rest, dialect) {
        ([b'0'..=b'9', ..], _) => return skip_number(json, at),
        ([b'-', b'I', ..], Dialect::Tagged) => &["-Infinity"],
        ([b'-', ..], _) => return skip_number(json, at + 1),
        (_, Dialect::Tagged) => &["null", "true", "false", "NaN", "Infinity"],
        (_, Dialect::Record) => &["null", "true", "false"],
    };
    match names.iter().find(|name| rest.starts_with(name.as_bytes())) {
        Some(name) => Ok(at + name.len()),
        None => Err(Expected { what: "a value", at }),
    }
}

/// Skips a number without minus.
#[inline(always)]
fn skip_number(json: &[u8], at: usize) -> Step {
    let end = match byte_at(json, at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => skip_digits(json, at + 1),
        _ => return Err(Expected { what: "a value", at }),
    };
    match byte_at(json, end) {
        Some(b'.') => skip_fraction(json, end + 1),
        Some(b'e' | b'E') => skip_exponent(json, end + 1),
        _ => Ok(end),
    }
}

/// Skips the digits behind the point, and the exponent.
#[inline(always)]
fn skip_fraction(json: &[u8], at: usize) -> Step {
    let end = skip_some_digits(json, at)?;
    if matches!(byte_at(json, end), Some(b'e' | b'E')) { skip_exponent(json, end + 1) } else { Ok(end) }
}

#[cold]
fn skip_exponent(json: &[u8], at: usize) -> Step {
    let sign = matches!(byte_at(json, at), Some(b'+' | b'-'));
    skip_some_digits(json, at + usize::from(sign))
}

#[inline(always)]
fn skip_some_digits(json: &[u8], at: usize) -> Step {
    let end = skip_digits(json, at);
    if end > at { Ok(end) } else { Err(Expected { what: "a digit", at }) }
}

#[inline(always)]
fn skip_digits(json: &[u8], mut at: usize) -> usize {
    while byte_at(json, at).is_some_and(|byte| byte.is_ascii_digit()) {
        at += 1;
    }
    at
}

/// Skips the byte that separates or ends the items of a list or map, and returns whether another one follows.
#[inline(always)]
fn separator(json: &[u8], at: usize, close: u8) -> Step<(usize, bool)> {
    if byte_at(json, at) == Some(b',') {
        return Ok((at + 1, true));
    }
    let at = skip_blanks(json, at);
    match byte_at(json, at) {
        Some(b',') => Ok((at + 1, true)),
        Some(next) if next == close => Ok((at + 1, false)),
        _ => Err(Expected { what: "a comma or the end of a list or map", at }),
    }
}

/// Skips the bytes of text without quote, escape or control character in the next four words of eight: keys and most
/// texts are not longer.
///
/// Half of a record's bytes are in texts, and to look at each alone was half of the work of skipping it.
#[inline(always)]
fn behind_words(json: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(word) = json.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_in_word(*word);
        at += plain;
        if plain < word.len() || at >= start + 32 {
            break;
        }
    }
    at
}

#[inline(always)]
fn plain_in_word(word: [u8; 8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    // The lowest bit that is set is right; borrows reach only what is above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit));
    // Flipping one bit moves the quote to the end of the control characters.
    let special = below(word ^ (EACH * 0x02), 0x21) | below(word ^ (EACH * u64::from(b'\\')), 1);
    let special = special & !word & (EACH << 7);
    special.trailing_zeros() as usize / 8
}

/// Skips whole blocks of such bytes: written so that the compiler compares all bytes of one at once.
fn behind_blocks(json: &[u8], start: usize) -> usize {
    let special = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    let (blocks, _) = json.get(start..).unwrap_or_default().as_chunks::<32>();
    let whole = blocks.iter().take_while(|block| !block.iter().fold(false, |any, byte| any | special(byte)));
    start + whole.count() * 32
}

/// Stands for "in no list and no map".
const NOTHING: u8 = 0;

/// Skips one value, however deeply nested. `around` is for what closes the lists and maps around the innermost.
fn skip(json: &[u8], mut at: usize, dialect: Dialect, around: &mut Vec<u8>) -> Step {
    around.clear();
    let mut close = NOTHING;
    loop {
        if close == b'}' {
            (at, _) = skip_text(json, at)?;
            at = expect_byte(json, at, b':', "a colon")?;
        }
        at = skip_blanks(json, at);
        let opened = match byte_at(json, at) {
            Some(b'[') => b']',
            Some(b'{') => b'}',
            first => {
                at = match first {
                    Some(b'"') => skip_text(json, at)?.0,
                    Some(b'0'..=b'9') => skip_number(json, at)?,
                    _ => skip_literal(json, at, dialect)?,
                };
                NOTHING
            }
        };
        if opened != NOTHING {
            at = skip_blanks(json, at + 1);
            if byte_at(json, at) != Some(opened) {
                around.push(close);
                close = opened;
                continue;
            }
            at += 1;
        }
        // A value is complete, and with it what it is the last item of.
        loop {
            if close == NOTHING {
                return Ok(at);
            }
            let goes_on;
            (at, goes_on) = separator(json, at, close)?;
            if goes_on {
                break;
            }
            close = around.pop().unwrap_or(NOTHING);
        }
    }
}

#[cfg(test)]
mod tests;
