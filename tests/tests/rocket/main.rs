//! Sessions in Rocket: what guards and fairings make of them, with a store that fails on demand.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in here is a failed test, which is what it is for"
)]

mod gate;
mod guard_checks;
mod guards;
mod invariants;
mod launch;
mod log;
mod next;
mod outage;
mod responses;
mod site;
mod streams;
mod typed;
