//! Walking over JSON without decoding it.

use std::ops::Range;

use super::Dialect;
use crate::codec::DecodeError;

/// A position in a JSON text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    /// What closes each open list and map; kept to be reused.
    open: Vec<u8>,
}

/// A text without its quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
}

/// A value that is neither text, list nor map.
pub(super) enum Literal<'a> {
    Null,
    Bool(bool),
    /// Its digits with an optional minus.
    Integer(&'a str),
    /// A number with a fraction or an exponent.
    Float(&'a str),
    /// `NaN`, `Infinity`, `-Infinity`: cookies only.
    NotFinite(f64),
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Scanner { text, at: 0, dialect, open: Vec::new() }
    }

    /// The same text from another position on.
    pub(super) fn at(mut self, position: usize) -> Self {
        self.at = position;
        self
    }

    /// The position of the next byte.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next byte that is no blank.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let next = self.next_byte()?;
            if !matches!(next, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(next);
            }
            self.at += 1;
        }
    }

    /// Moves past `byte` if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        if self.take(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    /// Refuses anything but blanks that is left over.
    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() { Ok(()) } else { Err(DecodeError::trailing(self.at)) }
    }

    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, expected: &'static str) -> DecodeError {
        if self.at < self.text.len() {
            DecodeError::syntax(expected, self.at)
        } else {
            DecodeError::truncated()
        }
    }

    /// Reads a text, checking its escapes.
    pub(super) fn text(&mut self) -> Result<Text<'a>, DecodeError> {
        self.expect(b'"', "a text")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += self.text.as_bytes().get(self.at..).map_or(0, plain);
            match self.next_byte() {
                Some(b'"') => {
                    let raw = self.since(start);
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.error("no control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), DecodeError> {
        let digits = match self.next_byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.error("an escape")),
        };
        self.at += 1;
        for _ in 0..digits {
            if !self.next_byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.error("four hex digits"));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads a value that is neither text, list nor map.
    pub(super) fn literal(&mut self) -> Result<Literal<'a>, DecodeError> {
        let python = self.dialect == Dialect::Tagged;
        let (word, literal) = match self.peek() {
            Some(b'n') => ("null", Literal::Null),
            Some(b't') => ("true", Literal::Bool(true)),
            Some(b'f') => ("false", Literal::Bool(false)),
            Some(b'N') if python => ("NaN", Literal::NotFinite(f64::NAN)),
            Some(b'I') if python => ("Infinity", Literal::NotFinite(f64::INFINITY)),
            Some(b'-') if python && self.goes_on_with("-I") => {
                ("-Infinity", Literal::NotFinite(f64::NEG_INFINITY))
            }
            _ => return self.number(),
        };
        if !self.goes_on_with(word) {
            return Err(self.error("a value"));
        }
        self.at += word.len();
        Ok(literal)
    }

    fn goes_on_with(&self, word: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word))
    }

    fn number(&mut self) -> Result<Literal<'a>, DecodeError> {
        let start = self.at;
        self.at += usize::from(self.next_byte() == Some(b'-'));
        if self.next_byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("a value")?;
        }
        let mut integer = true;
        if self.next_byte() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.digits("a digit")?;
        }
        if matches!(self.next_byte(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            self.at += usize::from(matches!(self.next_byte(), Some(b'+' | b'-')));
            self.digits("a digit")?;
        }
        let number = self.since(start);
        Ok(if integer { Literal::Integer(number) } else { Literal::Float(number) })
    }

    fn digits(&mut self, what: &'static str) -> Result<(), DecodeError> {
        let start = self.at;
        while self.next_byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.error(what)) }
    }

    /// Reads a key and the colon behind it.
    pub(super) fn key(&mut self) -> Result<Text<'a>, DecodeError> {
        self.peek();
        let key = self.text()?;
        self.expect(b':', "a colon")?;
        Ok(key)
    }

    /// Reads what separates or ends the items of a list or map: `true` if another one follows.
    pub(super) fn another(&mut self, close: u8) -> Result<bool, DecodeError> {
        if self.take(b',') {
            return Ok(true);
        }
        self.expect(close, "a comma or the end of a list or map")?;
        Ok(false)
    }

    /// Skips one value, however deeply nested, and returns where it lies.
    pub(super) fn skip(&mut self) -> Result<Range<usize>, DecodeError> {
        self.peek();
        let start = self.at;
        self.open.clear();
        loop {
            if self.opens()? {
                continue;
            }
            loop {
                let Some(&close) = self.open.last() else { return Ok(start..self.at) };
                if self.another(close)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                self.open.pop();
            }
        }
    }

    /// Skips a value up to its first inner value. `true` if there is one, `false` if it is complete.
    fn opens(&mut self) -> Result<bool, DecodeError> {
        let close = match self.peek() {
            Some(b'"') => return self.text().map(|_| false),
            Some(b'[') => b']',
            Some(b'{') => b'}',
            _ => return self.literal().map(|_| false),
        };
        self.at += 1;
        if self.take(close) {
            return Ok(false);
        }
        self.open.push(close);
        if close == b'}' {
            self.key()?;
        }
        Ok(true)
    }
}

/// How many bytes of a text mean themselves, as far as whole words of eight show it: half of JSON's bytes are
/// in texts, and to look at each alone was half of the work of skipping a record.
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // The lowest bit that is set is right; borrows reach only what is above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word & (EACH << 7);
    let equal = |word: u64, byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    let (words, _) = bytes.as_chunks::<8>();
    let mut plain = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if special != 0 {
            return plain + special.trailing_zeros() as usize / 8;
        }
        plain += 8;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_skipped_in_words_is_plain_and_ends_at_the_first_byte_that_is_not(bytes: Vec<u8>, pad in 0..20_usize) {
            let bytes = [vec![b'a'; pad], bytes].concat();
            let first = bytes.iter().position(|byte| matches!(byte, ..0x20 | b'"' | b'\\'));
            let skipped = plain(&bytes);
            match first {
                Some(first) => prop_assert!(skipped == first || (skipped < first && bytes.len() - skipped < 8)),
                None => prop_assert!(skipped <= bytes.len() && bytes.len() - skipped < 8),
            }
        }
    }
}
