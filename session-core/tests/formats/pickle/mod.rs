//! Pickles: what is read, what is refused, and what neither can do to the reader.

mod bounds;
mod classes;
mod files;
mod opcodes;
mod properties;
mod records;
mod written;

use rocket_session_state_core::codec::pickle::decode;
use serde_json::Value as Json;

use crate::typed::to_typed;

/// The value of a pickle in a form that can be compared, or the error's text.
fn read(pickle: &[u8]) -> Result<Json, String> {
    decode(pickle).map(|value| to_typed(&value)).map_err(|error| error.to_string())
}
