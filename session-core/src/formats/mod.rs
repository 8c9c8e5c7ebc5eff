//! Values, records, ids, signatures and cookies, byte for byte as Python writes and reads them.
//!
//! Nothing here knows what a session is. `value` uses `format`, `error`, `base64`, `time` and `http_date`, and `codec`
//! and `shape` use `value`.

mod base64;
pub mod browser;
pub mod codec;
pub mod cookie;
mod error;
mod format;
mod http_date;
pub mod id;
pub mod shape;
pub mod signing;
pub(crate) mod time;
pub mod value;
