//! What Python writes and reads, byte for byte: values, records, signatures and cookies.
//!
//! Nothing here knows what a session is.

pub mod codec;
pub mod cookie;
pub mod signing;
pub(crate) mod time;
pub mod value;
