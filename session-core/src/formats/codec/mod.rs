//! Sessions as bytes, and records that are decoded only where they are touched.
//!
//! * [`Format::Msgpack`] and [`Format::Json`]: Flask-Session's records, byte for byte as msgspec
//!   writes them;
//! * [`Format::TaggedJson`]: the content of Flask's session cookie.
//!
//! With the cargo feature `pickle` there is [`Format::Pickle`], in which cachelib's files are written, and
//! pickles that older releases left in the other stores are read.
//!
//! A [`Record`] knows the place of each top-level value in its bytes. [`Format::decode`] turns one of
//! these slices into a [`Value`], [`Format::encode`] makes a new one, and [`Format::join`] puts slices
//! together, so that untouched values are written back byte for byte.
//!
//! ```
//! # extern crate rocket_session_state_core as rocket_session_state;
//! # use rocket_session_state_core::codec::{Format, RawKey, Record};
//! use rocket_session_state::value::Value;
//!
//! let record = Record::parse(Format::Json, r#"{"views":1,"theme":"dark"}"#.into()).unwrap();
//! let views = Format::Json.encode(&Value::Int(2)).unwrap();
//! let entries: Vec<_> = record
//!     .entries()
//!     .map(|(key, value)| (key, if key == RawKey::Text("views") { views.as_slice() } else { value }))
//!     .collect();
//! assert_eq!(Format::Json.join(&entries), br#"{"views":2,"theme":"dark"}"#);
//! ```

mod duplicates;
mod entries;
mod input;
mod json;
#[cfg(feature = "pickle")]
mod legacy;
mod msgpack;
mod parsed_cache;
#[cfg(feature = "pickle")]
pub mod pickle;
mod record;

pub use entries::RawKey;
pub(crate) use parsed_cache::ParsedCache;
pub use record::Record;

pub use crate::formats::error::{DecodeError, EncodeError};
pub use crate::formats::format::Format;
use crate::formats::value::Value;

impl Format {
    /// The bytes that Python would write for `value`; of a pickle those that Python reads as `value`,
    /// without the instructions at the beginning and end of each.
    ///
    /// # Errors
    ///
    /// The format has no form for the value, as upstream: HTML text outside cookies and pickles, integers beyond
    /// 64 bits in msgpack, keys that are not text where the format needs text, keys of several types in
    /// a cookie (they can't be sorted), msgpack extensions elsewhere. Or it is nested more than
    /// [`MAX_DEPTH`](crate::formats::value::MAX_DEPTH) levels deep, where each tag in a cookie is a level too.
    pub fn encode(self, value: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        match self {
            Format::Msgpack => msgpack::encode(&mut out, value)?,
            Format::Json => json::encode(&mut out, value, json::Dialect::Record)?,
            Format::TaggedJson => json::encode(&mut out, value, json::Dialect::Tagged)?,
            #[cfg(feature = "pickle")]
            Format::Pickle => pickle::encode(&mut out, value)?,
        }
        Ok(out)
    }

    /// The value that Python would read from `bytes`, which hold nothing else.
    ///
    /// Of a key that occurs twice in a map the last value counts, at the place of the first. Tags
    /// are resolved from the inside out.
    ///
    /// # Errors
    ///
    /// The bytes are not of this format, hold a value that Python refuses (a malformed tag, a number or date
    /// out of range), text with a lone surrogate, or more than
    /// [`MAX_DEPTH`](crate::formats::value::MAX_DEPTH) levels.
    pub fn decode(self, bytes: &[u8]) -> Result<Value, DecodeError> {
        match self {
            Format::Msgpack => msgpack::decode(bytes),
            Format::Json => json::decode(bytes, json::Dialect::Record),
            Format::TaggedJson => json::decode(bytes, json::Dialect::Tagged),
            #[cfg(feature = "pickle")]
            Format::Pickle => pickle::decode_part(bytes),
        }
    }

    /// One top-level map of values that are encoded already, in the given order.
    ///
    /// [`Format::TaggedJson`] is sorted by key, by code point, and a lone key that looks like a tag is
    /// escaped. The keys have to be unique and of this format.
    #[doc(hidden)]
    pub fn join(self, entries: &[(RawKey<'_>, &[u8])]) -> Vec<u8> {
        let mut out = Vec::with_capacity(entries::joined_size(entries));
        match self {
            Format::Msgpack => msgpack::join(&mut out, entries, |_, _| ()),
            Format::Json => json::join(&mut out, entries, |_, _| ()),
            Format::TaggedJson => json::join_tagged(&mut out, entries),
            #[cfg(feature = "pickle")]
            Format::Pickle => pickle::join(&mut out, entries),
        }
        out
    }
}
