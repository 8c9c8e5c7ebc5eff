//! The invariants of the design, each on every store that can hold it: `invariant_07_…` proves number 7.
//!
//! Some are proven where they belong: Flask's formats in `interop`, launching in `launch`.

mod complete;
mod cost;
mod errors;
mod identity;
mod place;
mod races;
