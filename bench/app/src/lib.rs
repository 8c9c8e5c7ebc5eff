//! What the applications of the benchmark share: the sessions they keep and the mark between measurements.
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

/// What `untouched` answers everywhere.
pub const UNTOUCHED: &str = "nothing of yours";

/// What `read` and `write` answer everywhere.
pub fn answer(views: u64) -> String {
    format!("you have seen {views} pages")
}
