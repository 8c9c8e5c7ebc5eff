//! JSON in two dialects.
//!
//! Records are msgspec's JSON, which is strict. Cookies are Python's own JSON, which is not (`NaN`,
//! infinities), with tags for Python's types.

mod decode;
mod encode;
mod float;
mod index;
mod join;
mod scan;
mod tag;
mod text;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use index::index;
pub(super) use join::{join, join_tagged};

use crate::formats::format::Format;

/// The two dialects of JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// msgspec's, in records.
    Record,
    /// Flask's, in cookies.
    Tagged,
}

impl Dialect {
    fn format(self) -> Format {
        match self {
            Dialect::Record => Format::Json,
            Dialect::Tagged => Format::TaggedJson,
        }
    }
}
