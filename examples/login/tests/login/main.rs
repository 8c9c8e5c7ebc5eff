//! The login example from the outside: as a visitor's browser sees it, and as a program that somebody starts.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod cookie_pages;
mod login_flow;
mod members;
mod program;
mod session_pages;
