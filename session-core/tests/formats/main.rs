//! Values, formats and records against what the real Flask, msgspec and Python wrote.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect fails"
)]

mod bridge;
mod layout;
mod limits;
#[cfg(feature = "pickle")]
mod pickle;
mod properties;
mod records;
mod tags;
mod times;
mod typed;
mod types;
mod vectors;
