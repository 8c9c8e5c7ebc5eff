//! A position in the bytes of a binary format.

use crate::formats::error::{DecodeError, DecodeKind::Trailing};

pub(super) struct Input<'a> {
    length: usize,
    pub(super) rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Input { length: bytes.len(), rest: bytes }
    }

    /// Returns the number of bytes read so far.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Refuses anything left over.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError(Trailing(self.position()))) }
    }

    /// Reads the next `length` bytes.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(DecodeError::truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(DecodeError::truncated)?;
        self.rest = rest;
        Ok(*taken)
    }
}
