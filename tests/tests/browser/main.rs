//! Behaviour that only a real browser shows: the back button, tabs, private windows, what is stored and what is sent across sites.
//!
//! Pictures of the pages are kept in `target/screenshots`.

#![allow(clippy::expect_used, reason = "a panic in here is a failed test, which is what it is for")]

mod cookies;
mod login;
mod visitor;
