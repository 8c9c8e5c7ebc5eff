//! Every store on bad days, under load, with two processes of the application.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

mod outage;
mod shutdown;
mod visitor;
