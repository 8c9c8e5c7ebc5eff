//! Requests that meet: several at once on one session, in one process and in two, on every store.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

mod commands;
mod fields;
mod log_out;
mod site;
