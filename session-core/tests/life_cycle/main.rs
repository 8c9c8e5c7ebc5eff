//! The life of a session from cookie to cookie, without a web framework.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

mod site;

mod cookies;
mod fields;
mod identities;
mod interleavings;
mod login;
mod merge;
mod purging;
mod saving;
mod server;
mod while_saving;
