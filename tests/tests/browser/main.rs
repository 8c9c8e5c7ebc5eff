//! Behaviour that only a real browser shows: the back button, tabs, private windows, what is stored and what is sent across sites.
//!
//! Pictures of the pages are kept in `target/screenshots`.

mod accounts;
mod cookies;
mod htmx;
mod login;
mod parallel_log_in;
mod visitor;
