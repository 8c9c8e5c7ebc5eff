//! A position in a pickle.

use crate::formats::error::DecodeError;
use crate::formats::error::DecodeKind::{Trailing, Truncated};

pub(super) struct Input<'a> {
    length: usize,
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Input { length: bytes.len(), rest: bytes }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Bytes still to come.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Refuses anything left over.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError(Trailing(self.position()))) }
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError(Truncated))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError(Truncated))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// A length of `N` bytes, the lowest first. One that no memory could hold is beyond the end too.
    pub(super) fn length<const N: usize>(&mut self) -> Result<usize, DecodeError> {
        let bytes = self.array::<N>()?;
        let length = bytes.iter().rev().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| DecodeError(Truncated))
    }

    /// As many bytes as a length of `N` bytes in front of them says.
    pub(super) fn counted<const N: usize>(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length::<N>()?;
        self.take(length)
    }

    /// The bytes before the next line end, which is consumed.
    pub(super) fn line(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.rest.iter().position(|byte| *byte == b'\n').ok_or(DecodeError(Truncated))?;
        let line = self.take(length)?;
        self.take(1)?;
        Ok(line)
    }
}
