//! Walks over msgpack without decoding it.

use std::ops::Range;

use crate::formats::codec::input::Input;
use crate::formats::error::DecodeError;

/// The start of a value: all of a small one, the length of a large one.
pub(super) enum Head {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// Bytes of text.
    Str(usize),
    /// Bytes.
    Bin(usize),
    /// Items that follow.
    Array(usize),
    /// Pairs that follow.
    Map(usize),
    /// Type code and bytes.
    Ext(i8, usize),
}

impl Input<'_> {
    fn big_endian<const N: usize>(&mut self) -> Result<usize, DecodeError> {
        let bytes = self.array::<N>()?;
        Ok(bytes.into_iter().fold(0, |length, byte| length << 8 | usize::from(byte)))
    }

    /// Refuses more items or pairs, of at least `each` bytes, than can follow: before anything is allocated for
    /// them.
    fn count(&self, count: usize, each: usize) -> Result<usize, DecodeError> {
        if count > self.rest.len() / each { Err(DecodeError::truncated()) } else { Ok(count) }
    }

    /// Reads the start of the next value.
    pub(super) fn head(&mut self) -> Result<Head, DecodeError> {
        let at = self.position();
        let [marker] = self.array()?;
        let low = |bits: u8| usize::from(marker & bits);
        Ok(match marker {
            0x00..=0x7f => Head::Unsigned(marker.into()),
            0x80..=0x8f => Head::Map(self.count(low(0x0f), 2)?),
            0x90..=0x9f => Head::Array(self.count(low(0x0f), 1)?),
            0xa0..=0xbf => Head::Str(low(0x1f)),
            0xc0 => Head::Nil,
            0xc1 => return Err(DecodeError::syntax("a msgpack value", at)),
            0xc2 => Head::Bool(false),
            0xc3 => Head::Bool(true),
            0xc4 => Head::Bin(self.big_endian::<1>()?),
            0xc5 => Head::Bin(self.big_endian::<2>()?),
            0xc6 => Head::Bin(self.big_endian::<4>()?),
            0xc7 => self.ext::<1>()?,
            0xc8 => self.ext::<2>()?,
            0xc9 => self.ext::<4>()?,
            0xca => Head::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Head::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Head::Unsigned(u8::from_be_bytes(self.array()?).into()),
            0xcd => Head::Unsigned(u16::from_be_bytes(self.array()?).into()),
            0xce => Head::Unsigned(u32::from_be_bytes(self.array()?).into()),
            0xcf => Head::Unsigned(u64::from_be_bytes(self.array()?)),
            0xd0 => Head::Signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Head::Signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Head::Signed(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Head::Signed(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => Head::Ext(i8::from_be_bytes(self.array()?), 1 << (marker - 0xd4)),
            0xd9 => Head::Str(self.big_endian::<1>()?),
            0xda => Head::Str(self.big_endian::<2>()?),
            0xdb => Head::Str(self.big_endian::<4>()?),
            0xdc => Head::Array(self.big_endian::<2>().and_then(|count| self.count(count, 1))?),
            0xdd => Head::Array(self.big_endian::<4>().and_then(|count| self.count(count, 1))?),
            0xde => Head::Map(self.big_endian::<2>().and_then(|count| self.count(count, 2))?),
            0xdf => Head::Map(self.big_endian::<4>().and_then(|count| self.count(count, 2))?),
            0xe0..=0xff => Head::Signed(i8::from_be_bytes([marker]).into()),
        })
    }

    fn ext<const N: usize>(&mut self) -> Result<Head, DecodeError> {
        let length = self.big_endian::<N>()?;
        Ok(Head::Ext(i8::from_be_bytes(self.array()?), length))
    }

    /// Skips one value, however deeply nested, and returns its place. It counts what is still to come instead of
    /// recursing.
    pub(super) fn skip(&mut self) -> Result<Range<usize>, DecodeError> {
        let start = self.position();
        self.skip_values(1)?;
        Ok(start..self.position())
    }

    /// Skips what follows the start of a value.
    pub(super) fn skip_rest(&mut self, head: &Head) -> Result<(), DecodeError> {
        let pending = self.content(head)?;
        self.skip_values(pending)
    }

    /// Skips so many values. Most are small ones, whose size a table knows: a record of 16 KB holds
    /// thousands, and all of them are skipped on every request that reads it from a server.
    fn skip_values(&mut self, mut pending: usize) -> Result<(), DecodeError> {
        while pending > 0 {
            let marker = self.rest.first().ok_or_else(DecodeError::truncated)?;
            let Some(Small { size: size @ 1.., values }) = SMALL.get(usize::from(*marker)).copied() else {
                let head = self.head()?;
                pending = pending - 1 + self.content(&head)?;
                // Each takes a byte at least. This also keeps the count from overflowing.
                if pending > self.rest.len() {
                    return Err(DecodeError::truncated());
                }
                continue;
            };
            self.rest = self.rest.get(usize::from(size)..).ok_or_else(DecodeError::truncated)?;
            pending = pending - 1 + usize::from(values);
        }
        Ok(())
    }

    /// Skips a flat value's content. Of a list or map: how many values follow.
    fn content(&mut self, head: &Head) -> Result<usize, DecodeError> {
        match *head {
            Head::Str(len) | Head::Bin(len) | Head::Ext(_, len) => self.take(len).map(|_| 0),
            Head::Array(items) => Ok(items),
            Head::Map(pairs) => Ok(2 * pairs),
            _ => Ok(0),
        }
    }
}

/// The start of a value whose size is in its first byte.
#[derive(Clone, Copy)]
struct Small {
    /// Bytes, without the values inside. 0: the first byte does not say it.
    size: u8,
    /// The number of values inside.
    values: u8,
}

/// The small values, by their first byte.
static SMALL: [Small; 256] = {
    let mut table = [Small { size: 0, values: 0 }; 256];
    let mut rest: &mut [Small] = &mut table;
    let mut marker = 0;
    while let Some((small, others)) = rest.split_first_mut() {
        *small = match marker {
            0x80..=0x8f => Small { size: 1, values: 2 * (marker - 0x80) },
            0x90..=0x9f => Small { size: 1, values: marker - 0x90 },
            _ => Small { size: flat_size(marker), values: 0 },
        };
        marker = marker.wrapping_add(1);
        rest = others;
    }
    table
};

const fn flat_size(marker: u8) -> u8 {
    match marker {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 1,
        0xa0..=0xbf => 1 + marker - 0xa0,
        0xcc | 0xd0 => 2,
        0xcd | 0xd1 | 0xd4 => 3,
        0xd5 => 4,
        0xca | 0xce | 0xd2 => 5,
        0xd6 => 6,
        0xcb | 0xcf | 0xd3 => 9,
        0xd7 => 10,
        0xd8 => 18,
        _ => 0,
    }
}
