//! Signed cookies, session ids and cookie headers, against the vectors that
//! the Python libraries made, and against everything else.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // in what tests share

mod cookies;
mod python;
mod signing;
mod vectors;
