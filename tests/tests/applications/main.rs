//! Applications as users start them: configured from outside, asked over HTTP, with real servers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

mod configuration;
mod gate;
mod login;
mod login_flow;
mod migration;
mod moving;
mod outage;
mod purging;
