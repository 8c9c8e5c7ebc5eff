//! Signed cookies, session ids and cookie headers, against the vectors that
//! the Python libraries made, and against everything else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions share"
)]

mod cookies;
mod python;
mod signing;
mod vectors;
