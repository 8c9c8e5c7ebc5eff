//! The accounts example from the inside: its own `rocket()`, with a clock and a session store of the test's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod devices;
mod limits;
mod login;
mod pages;
mod passwords;
mod site;
