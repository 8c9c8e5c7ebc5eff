//! Values, formats and records against what the real Flask, msgspec and Python wrote.

mod bridge;
mod limits;
mod properties;
mod records;
mod typed;
mod vectors;
