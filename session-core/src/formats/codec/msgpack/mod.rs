//! Msgpack as msgspec writes and reads it.

mod decode;
mod encode;
mod index;
mod scan;

pub(super) use decode::decode;
pub(super) use encode::{encode, join};
pub(super) use index::index;

/// The whole of a record that counts as missing.
pub(super) const NIL: u8 = 0xc0;
