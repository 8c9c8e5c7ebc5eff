//! Walking over JSON without decoding it.

use std::ops::Range;

use super::Dialect;
use super::skip::skip;
use super::step::{self, Expected, Step};
use crate::formats::codec::DecodeError;

/// A position in a JSON text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    /// Kept to be reused by [`skip`].
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

    /// Of the whole text, in bytes.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// The same text from another position on.
    pub(super) fn at(mut self, position: usize) -> Self {
        self.at = position;
        self
    }

    /// The next byte that is no blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.at = step::blanks(self.text.as_bytes(), self.at);
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
        self.at = self.checked(step::byte(self.text.as_bytes(), self.at, byte, what))?;
        Ok(())
    }

    /// Refuses anything but blanks that is left over.
    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() { Ok(()) } else { Err(DecodeError::trailing(self.at)) }
    }

    /// Moves past a text, checking its escapes: where it lies without its quotes, and whether it has any.
    #[inline(always)]
    pub(super) fn pass_text(&mut self) -> Result<(Range<usize>, bool), DecodeError> {
        let start = step::blanks(self.text.as_bytes(), self.at) + 1;
        let escaped;
        (self.at, escaped) = self.checked(step::text(self.text.as_bytes(), self.at))?;
        Ok((start..self.at - 1, escaped))
    }

    /// What lies there.
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
        self.at = self.checked(step::literal(self.text.as_bytes(), start, self.dialect))?;
        Ok(self.part(start..self.at))
    }

    /// Reads a key and the colon behind it.
    pub(super) fn key(&mut self) -> Result<Text<'a>, DecodeError> {
        let key = self.text()?;
        self.expect(b':', "a colon")?;
        Ok(key)
    }

    /// Reads what separates or ends the items of a list or map: `true` if another one follows.
    #[inline]
    pub(super) fn another(&mut self, close: u8) -> Result<bool, DecodeError> {
        let another;
        (self.at, another) = self.checked(step::another(self.text.as_bytes(), self.at, close))?;
        Ok(another)
    }

    /// Skips one value, however deeply nested, and returns where it lies.
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
