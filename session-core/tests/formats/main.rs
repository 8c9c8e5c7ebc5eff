//! Values, formats and records against what the real Flask, msgspec and Python wrote.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // in what tests share

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
