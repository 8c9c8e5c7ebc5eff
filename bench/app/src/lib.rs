//! Shared by the applications of the benchmark: the sessions they keep and the mark between measurements.
//!
//! Each serves the same pages below `/shop` and `/texts`, the two kinds of sessions:
//!
//! | | |
//! |---|---|
//! | `start/<bytes>` | begins a session of twenty keys and about so many bytes |
//! | `untouched` | has nothing to do with the session |
//! | `read` | reads one field |
//! | `write` | reads one field, changes it, saves |
//!
//! and `/mark`.

pub mod mark;
mod visit;

pub use visit::{Item, Shop, Texts, Visit};

/// The answer of `untouched` in each application.
pub const UNTOUCHED: &str = "nothing of yours";

/// The answer of `read` and `write` in each application.
pub fn answer(views: u64) -> String {
    format!("you have seen {views} pages")
}
