//! Steps that only pickles take.

use crate::formats::codec::input::Input;
use crate::formats::error::DecodeError;

impl<'a> Input<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// Reads a length of `N` bytes, the lowest first. One that no memory could hold is beyond the end too.
    pub(super) fn little_endian<const N: usize>(&mut self) -> Result<usize, DecodeError> {
        let bytes = self.array::<N>()?;
        let length = bytes.iter().rev().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| DecodeError::truncated())
    }

    /// Reads as many bytes as a length of `N` bytes in front of them says.
    pub(super) fn counted<const N: usize>(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.little_endian::<N>()?;
        self.take(length)
    }

    /// Reads the bytes before the next line end, and that.
    pub(super) fn line(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.rest.iter().position(|byte| *byte == b'\n').ok_or_else(DecodeError::truncated)?;
        let line = self.take(length)?;
        self.take(1)?;
        Ok(line)
    }
}
